"""The software that ran and the publications of its methods: for the Methods section, as CSL-JSON and as BibTeX."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version

SOFTWARE = ("snakemake", "numpy", "pandas", "scipy", "matplotlib", "seaborn", "pandera")


@dataclass(frozen=True)
class Reference:
    """A publication. ``authors``: family and initials, several joined by ``; ``; ``doi`` may be empty."""

    key: str
    authors: str
    year: int
    title: str
    journal: str
    doi: str

    @property
    def text(self) -> str:
        """As a list of references prints it, without the DOI."""
        return f"{self.authors}. {self.title}. {self.journal} ({self.year})."

    def csl(self) -> dict[str, object]:
        """An item of CSL-JSON."""
        names = [name.rpartition(" ") for name in self.authors.split("; ")]
        return {
            "id": self.key,
            "type": "article-journal",
            "title": self.title,
            "author": [{"family": family or given, "given": given if family else ""} for family, _, given in names],
            "container-title": self.journal,
            "issued": {"date-parts": [[self.year]]},
            **({"DOI": self.doi} if self.doi else {}),
        }

    def bibtex(self) -> str:
        """An entry of BibTeX."""
        names = [name.rpartition(" ") for name in self.authors.split("; ")]
        fields = {
            "author": " and ".join(f"{family}, {given}" if family else given for family, _, given in names),
            "title": f"{{{self.title}}}",
            "journal": self.journal,
            "year": str(self.year),
            **({"doi": self.doi} if self.doi else {}),
        }
        body = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
        return f"@article{{{self.key},\n{body}\n}}\n"


_EVERY = (
    Reference(
        "barnard1999",
        "Barnard J; Rubin DB",
        1999,
        "Small-sample degrees of freedom with multiple imputation",
        "Biometrika 86:948-955",
        "10.1093/biomet/86.4.948",
    ),
    Reference(
        "benjamini1995",
        "Benjamini Y; Hochberg Y",
        1995,
        "Controlling the false discovery rate: a practical and powerful approach to multiple testing",
        "Journal of the Royal Statistical Society B 57:289-300",
        "10.1111/j.2517-6161.1995.tb02031.x",
    ),
    Reference(
        "bland1999",
        "Bland JM; Altman DG",
        1999,
        "Measuring agreement in method comparison studies",
        "Statistical Methods in Medical Research 8:135-160",
        "10.1177/096228029900800204",
    ),
    Reference(
        "bretz2009",
        "Bretz F; Maurer W; Brannath W; Posch M",
        2009,
        "A graphical approach to sequentially rejective multiple test procedures",
        "Statistics in Medicine 28:586-604",
        "10.1002/sim.3495",
    ),
    Reference(
        "brookmeyer1982",
        "Brookmeyer R; Crowley J",
        1982,
        "A confidence interval for the median survival time",
        "Biometrics 38:29-41",
        "10.2307/2530286",
    ),
    Reference(
        "carpenter2013",
        "Carpenter JR; Roger JH; Kenward MG",
        2013,
        "Analysis of longitudinal trials with protocol deviation: a framework for relevant, accessible assumptions, "
        "and inference via multiple imputation",
        "Journal of Biopharmaceutical Statistics 23:1352-1371",
        "10.1080/10543406.2013.834911",
    ),
    Reference(
        "clopper1934",
        "Clopper CJ; Pearson ES",
        1934,
        "The use of confidence or fiducial limits illustrated in the case of the binomial",
        "Biometrika 26:404-413",
        "10.1093/biomet/26.4.404",
    ),
    Reference(
        "cox1972",
        "Cox DR",
        1972,
        "Regression models and life-tables",
        "Journal of the Royal Statistical Society B 34:187-202",
        "10.1111/j.2517-6161.1972.tb00899.x",
    ),
    Reference(
        "dunnett1955",
        "Dunnett CW",
        1955,
        "A multiple comparison procedure for comparing several treatments with a control",
        "Journal of the American Statistical Association 50:1096-1121",
        "10.1080/01621459.1955.10501294",
    ),
    Reference(
        "firth1993",
        "Firth D",
        1993,
        "Bias reduction of maximum likelihood estimates",
        "Biometrika 80:27-38",
        "10.1093/biomet/80.1.27",
    ),
    Reference(
        "freeman1989",
        "Freeman PR",
        1989,
        "The performance of the two-stage analysis of two-treatment, two-period crossover trials",
        "Statistics in Medicine 8:1421-1432",
        "10.1002/sim.4780081202",
    ),
    Reference(
        "gart1969",
        "Gart JJ",
        1969,
        "An exact test for comparing matched proportions in crossover designs",
        "Biometrika 56:75-80",
        "10.1093/biomet/56.1.75",
    ),
    Reference(
        "grambsch1994",
        "Grambsch PM; Therneau TM",
        1994,
        "Proportional hazards tests and diagnostics based on weighted residuals",
        "Biometrika 81:515-526",
        "10.1093/biomet/81.3.515",
    ),
    Reference(
        "grubbs1969",
        "Grubbs FE",
        1969,
        "Procedures for detecting outlying observations in samples",
        "Technometrics 11:1-21",
        "10.1080/00401706.1969.10490657",
    ),
    Reference(
        "hills1979",
        "Hills M; Armitage P",
        1979,
        "The two-period cross-over clinical trial",
        "British Journal of Clinical Pharmacology 8:7-20",
        "10.1111/j.1365-2125.1979.tb05903.x",
    ),
    Reference(
        "holm1979",
        "Holm S",
        1979,
        "A simple sequentially rejective multiple test procedure",
        "Scandinavian Journal of Statistics 6:65-70",
        "",
    ),
    Reference(
        "kaplan1958",
        "Kaplan EL; Meier P",
        1958,
        "Nonparametric estimation from incomplete observations",
        "Journal of the American Statistical Association 53:457-481",
        "10.1080/01621459.1958.10501452",
    ),
    Reference(
        "kenward1997",
        "Kenward MG; Roger JH",
        1997,
        "Small sample inference for fixed effects from restricted maximum likelihood",
        "Biometrics 53:983-997",
        "10.2307/2533558",
    ),
    Reference(
        "liang1986",
        "Liang KY; Zeger SL",
        1986,
        "Longitudinal data analysis using generalized linear models",
        "Biometrika 73:13-22",
        "10.1093/biomet/73.1.13",
    ),
    Reference(
        "mancl2001",
        "Mancl LA; DeRouen TA",
        2001,
        "A covariance estimator for GEE with improved small-sample properties",
        "Biometrics 57:126-134",
        "10.1111/j.0006-341X.2001.00126.x",
    ),
    Reference(
        "mantel1959",
        "Mantel N; Haenszel W",
        1959,
        "Statistical aspects of the analysis of data from retrospective studies of disease",
        "Journal of the National Cancer Institute 22:719-748",
        "10.1093/jnci/22.4.719",
    ),
    Reference(
        "miettinen1985",
        "Miettinen O; Nurminen M",
        1985,
        "Comparative analysis of two rates",
        "Statistics in Medicine 4:213-226",
        "10.1002/sim.4780040211",
    ),
    Reference(
        "newcombe1998",
        "Newcombe RG",
        1998,
        "Interval estimation for the difference between independent proportions: comparison of eleven methods",
        "Statistics in Medicine 17:873-890",
        "10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I",
    ),
    Reference(
        "piaggio2012",
        "Piaggio G; Elbourne DR; Pocock SJ; Evans SJW; Altman DG",
        2012,
        "Reporting of noninferiority and equivalence randomized trials: extension of the CONSORT 2010 statement",
        "JAMA 308:2594-2604",
        "10.1001/jama.2012.87802",
    ),
    Reference(
        "welch1947",
        "Welch BL",
        1947,
        "The generalization of Student's problem when several different population variances are involved",
        "Biometrika 34:28-35",
        "10.1093/biomet/34.1-2.28",
    ),
    Reference(
        "westgard1981",
        "Westgard JO; Barry PL; Hunt MR; Groth T",
        1981,
        "A multi-rule Shewhart chart for quality control in clinical chemistry",
        "Clinical Chemistry 27:493-501",
        "10.1093/clinchem/27.3.493",
    ),
    Reference(
        "wilson1927",
        "Wilson EB",
        1927,
        "Probable inference, the law of succession, and statistical inference",
        "Journal of the American Statistical Association 22:209-212",
        "10.1080/01621459.1927.10502953",
    ),
    Reference(
        "snakemake",
        "Mölder F; Jablonski KP; Letcher B; Hall MB; Tomkins-Tinch CH; Sochat V; et al.",
        2021,
        "Sustainable data analysis with Snakemake",
        "F1000Research 10:33",
        "10.12688/f1000research.29032.2",
    ),
    Reference(
        "numpy",
        "Harris CR; Millman KJ; van der Walt SJ; Gommers R; Virtanen P; Cournapeau D; et al.",
        2020,
        "Array programming with NumPy",
        "Nature 585:357-362",
        "10.1038/s41586-020-2649-2",
    ),
    Reference(
        "pandas",
        "McKinney W",
        2010,
        "Data structures for statistical computing in Python",
        "Proceedings of the 9th Python in Science Conference 56-61",
        "10.25080/Majora-92bf1922-00a",
    ),
    Reference(
        "scipy",
        "Virtanen P; Gommers R; Oliphant TE; Haberland M; Reddy T; Cournapeau D; et al.",
        2020,
        "SciPy 1.0: fundamental algorithms for scientific computing in Python",
        "Nature Methods 17:261-272",
        "10.1038/s41592-019-0686-2",
    ),
    Reference(
        "matplotlib",
        "Hunter JD",
        2007,
        "Matplotlib: a 2D graphics environment",
        "Computing in Science and Engineering 9:90-95",
        "10.1109/MCSE.2007.55",
    ),
    Reference(
        "seaborn",
        "Waskom ML",
        2021,
        "seaborn: statistical data visualization",
        "Journal of Open Source Software 6:3021",
        "10.21105/joss.03021",
    ),
)
REFERENCES = {reference.key: reference for reference in _EVERY}
# Words in what a method says of itself, or in the name of a procedure -> the publication.
CITED = {
    "Barnard and Rubin": "barnard1999",
    "Benjamini and Hochberg": "benjamini1995",
    "Bland and Altman": "bland1999",
    "Brookmeyer and Crowley": "brookmeyer1982",
    "Clopper": "clopper1934",
    "Cox's proportional hazards": "cox1972",
    "Dunnett": "dunnett1955",
    "Firth": "firth1993",
    "Generalised estimating equations": "liang1986",
    "Freeman 1989": "freeman1989",
    "Grambsch and Therneau": "grambsch1994",
    "Grubbs": "grubbs1969",
    "Hills and Armitage": "hills1979",
    "Holm": "holm1979",
    "Kaplan-Meier curves": "kaplan1958",
    "Kenward and Roger": "kenward1997",
    "Mancl and DeRouen": "mancl2001",
    "Mantel and Haenszel": "mantel1959",
    "Mainland-Gart": "gart1969",
    "Miettinen and Nurminen": "miettinen1985",
    "Newcombe": "newcombe1998",
    "Piaggio": "piaggio2012",
    "Welch": "welch1947",
    "Westgard": "westgard1981",
    "Wilson": "wilson1927",
    "graphical": "bretz2009",
    "jump to reference": "carpenter2013",
    "strategy by reference": "carpenter2013",
}


def cited(texts: Iterable[str]) -> list[Reference]:
    """The publications that texts rest on, then those of the software, each once."""
    whole = "\n".join(texts)
    keys = sorted({key for words, key in CITED.items() if words in whole})
    return [REFERENCES[key] for key in (*keys, *(name for name in SOFTWARE if name in REFERENCES))]


def versions() -> list[str]:
    """The software with its versions, as installed."""
    return [f"{name} {version(name)}" for name in SOFTWARE]


def csl_json(references: Sequence[Reference]) -> list[dict[str, object]]:
    """References as CSL-JSON."""
    return [reference.csl() for reference in references]


def bibtex(references: Sequence[Reference]) -> str:
    """References as BibTeX."""
    return "\n".join(reference.bibtex() for reference in references)
