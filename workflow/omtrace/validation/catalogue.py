"""The error catalogue: every rule that a finding may name, in order of precedence, with meaning, example and fix."""

from collections.abc import Iterable

from omtrace.model.plan import USUAL, Plan, Severity
from omtrace.plugins import declared, plugin
from omtrace.schemas import ASK, RuleText, Table, table_in, table_of

AGAIN = "put back the file as it was received, or export it again and register the new version"
WHOLE: tuple[Severity, ...] = ("note", "warn", "stop")  # about no row, so there is none to take out
LOST: tuple[Severity, ...] = ("quarantine", "stop")  # what is not there cannot be kept with a warning

# In order of precedence: the first finding of a row, in this order, is its primary reason.
RULES = (
    RuleText(
        "identifier",
        "stop",
        "A column holds what identifies people directly, by its name or by its values.",
        "a column `email`; dates of birth in a column `c3`",
        "export again without the column; if it identifies nobody, name it under `identifiers` of the table in "
        "the plan, with the reason",
        ("stop",),
    ),
    RuleText(
        "unreadable",
        "stop",
        "The file cannot be read at all: it is empty, damaged or of another kind than the plan says.",
        "an empty file; a workbook cut short while it was copied",
        AGAIN,
        LOST,
        True,
    ),
    RuleText(
        "encoding_unclear",
        "stop",
        "The file does not say how its characters are encoded, is no UTF-8, and read as western European text (CP1252) "
        "it holds what is no word, so that labels would be wrong and names of people would not be found.",
        "a CSV file that a Russian Excel, or an old Mac, saved",
        "say the encoding in the plan, `options: {encoding: cp1251}`, or save the file again as UTF-8",
        WHOLE,
    ),
    RuleText(
        "text_garbled",
        "warn",
        "The file itself holds characters that an earlier program read in the wrong encoding, or lost.",
        "`cÃ©phalÃ©e`; a box with a question mark in place of a letter",
        "export again, and open the file in no program that guesses the encoding; numbers are not touched by it",
        WHOLE,
    ),
    RuleText(
        "column_missing",
        "stop",
        "A column that the plan reads is not in the file.",
        "`pain_max` has become `worst_pain`",
        "export again with the column; if only its name changed, say so in the plan: `columns: {pain_max: worst_pain}`",
        LOST,
        True,
    ),
    RuleText(
        "date_ambiguous",
        "stop",
        "Nothing in the column settles whether the day or the month comes first.",
        "03/04/2023 in a column in which no day is above 12",
        "ask who sent the export, then say the order in the plan: `formats: {visit_on: {date: DMY}}`",
        LOST,
        True,
    ),
    RuleText(
        "number_ambiguous",
        "stop",
        "Nothing in the column settles whether a mark is decimal or for thousands.",
        "1,234 in a column in which every number has one comma and three digits after it",
        "ask who sent the export, then say the marks in the plan: `formats: {dose: {decimal: ','}}`",
        LOST,
        True,
    ),
    RuleText(
        "plate_twice",
        "stop",
        "Two plates, of one file or of two, have one name, so that their wells would be taken for those of one plate.",
        "a plate read anew under the name of another; a name left from the template",
        "name the plates apart at the reader, or withdraw the file that does not count",
        LOST,
        True,
    ),
    RuleText(
        "double_entry",
        "stop",
        "Records of a REDCap project with double data entry stand twice, so that each participant would count twice.",
        "11--1 and 11--2",
        'export the merged records; or say which keying counts: `options: {keying: "1"}`',
        LOST,
        True,
    ),
    RuleText(
        "merged_header",
        "stop",
        "Cells of the header are merged, so a name does not stand above each column.",
        "`Pain` once above three columns",
        "unmerge the header at its source, give every column a name of its own and save again",
        whole_file=True,
    ),
    RuleText(
        "coding",
        "stop",
        "The answers of a questionnaire, or the file's own labels, fit another coding than the plan says.",
        "HIT-6 answers from 0 to 4 where codes from 1 to 5 were expected",
        "say in the plan how the file codes the answers: `coding`, by the name that the finding gives",
        LOST,
        True,
    ),
    RuleText(
        "row_width",
        "quarantine",
        "The row has more or fewer cells than the header, so its cells cannot be told apart.",
        "a comment with a comma in it and no quotes around it",
        AGAIN,
        LOST,
    ),
    RuleText(
        "json",
        "quarantine",
        "The line is not one JSON object that can be read.",
        "a line cut off; a member named twice; NaN",
        AGAIN,
        LOST,
    ),
    RuleText(
        "event_missing",
        "quarantine",
        "The row of a longitudinal REDCap project does not say its event.",
        "`redcap_event_name` is blank",
        AGAIN,
        LOST,
    ),
    RuleText(
        "instance_missing",
        "quarantine",
        "The row of a repeating REDCap form has no instance number.",
        "`redcap_repeat_instrument` holds a form's name and `redcap_repeat_instance` is blank",
        AGAIN,
        LOST,
    ),
    RuleText(
        "no_well",
        "quarantine",
        "A line of a plate reader's group table names a sample and no well.",
        "a sample's name alone on its line",
        AGAIN,
        LOST,
    ),
    RuleText(
        "unit_missing",
        "quarantine",
        "The row does not say whose it is, or not in the plan's form.",
        "a blank participant id; an id that the plan's `unit_pattern` does not fit",
        severities=LOST,
    ),
    RuleText(
        "batch",
        "quarantine",
        "A finding in another row or file of the same batch takes this row out.",
        "a column missing in the plate's layout; a signal out of range under `scopes: {range: batch}`",
        "mend what the other finding names",
        LOST,
    ),
    RuleText(
        "unit",
        "quarantine",
        "A finding in another row of the same participant or animal takes this row out.",
        "an age out of range under `scopes: {range: unit}`",
        "mend what the other finding names",
        LOST,
    ),
    RuleText(
        "type",
        "quarantine",
        "The text is not of the column's type.",
        "`5 days` in a column of whole numbers",
        "correct the cell at its source; or, if the text stands for a value that is not there, "
        "say what it means under "
        "`missing_codes` in the plan",
        scope="cell",
    ),
    RuleText(
        "decimal_mark",
        "quarantine",
        "The decimal mark is not the one of the column's other numbers.",
        "5,5 among 4.5 and 6.0",
        "correct the cell at its source; or say the mark in the plan: `formats: {dose: {decimal: ','}}`",
        scope="cell",
    ),
    RuleText(
        "date_mixed",
        "quarantine",
        "The date is not in the order of the column's other dates.",
        "2023-05-13 among 13/05/2023 and 14/05/2023",
        "correct the cell at its source; or say the order in the plan: `formats: {visit_on: {date: DMY}}`",
        scope="cell",
    ),
    RuleText(
        "code",
        "quarantine",
        "The code is not one to which the plan gives a meaning.",
        "3 in a column that the plan recodes from 1 and 2",
        "ask who sent the export what the code means, and add it to `recode` in the plan or correct the cell",
        scope="cell",
    ),
    RuleText(
        "required",
        "quarantine",
        "A cell that every row must have is blank.",
        "no arm in a row of the allocation list",
        scope="cell",
    ),
    RuleText(
        "range",
        "quarantine",
        "The number is outside its declared bounds.",
        "pain of 11 on a scale from 0 to 10",
        scope="cell",
    ),
    RuleText(
        "allowed", "quarantine", "The value is not one of those declared.", "`femal` in a column of sex", scope="cell"
    ),
    RuleText(
        "date_epoch",
        "quarantine",
        "The date is the first day of a computer's calendar: 0 or a blank that a program wrote as a date.",
        "a visit on 1970-01-01 or 1900-01-01",
        scope="cell",
    ),
    RuleText(
        "form_status",
        "quarantine",
        "The form's status is not one that the plan accepts.",
        "status 0 (incomplete), where the plan accepts 1 and 2",
        "finish the form at the site and export again; or accept the status in the plan: `status_accepted`",
    ),
    RuleText(
        "form_blank",
        "quarantine",
        "The form is marked as done, and every answer of it is blank.",
        "status 2 (complete) beside six blank items",
        "enter the answers at the site, or set the form's status back, and export again",
    ),
    RuleText(
        "duplicate_row",
        "quarantine",
        "The row repeats an earlier one, which is kept, in every column.",
        "a row pasted twice",
        "nothing, if it is a copy; if two rows were meant, correct the cells that should tell them apart; a corrected "
        "version of a registered file is checked and registered with --replaces OLD",
    ),
    RuleText(
        "duplicate_conflict",
        "quarantine",
        "Rows with the same key contradict each other; none of them is kept.",
        "two HIT-6 forms of one participant and visit with different answers",
    ),
    RuleText(
        "reference",
        "quarantine",
        "The value does not stand in the table that lists it.",
        "a sample of an animal that is not on the list of animals",
        "correct the name at its source, or send the missing row of the list",
    ),
    RuleText(
        "roster",
        "quarantine",
        "The row belongs to a unit that is not enrolled.",
        "a diary of a participant who is not on the allocation list",
        "correct the name at its source, or send the missing row of the list",
    ),
    RuleText(
        "formula_uncached",
        "quarantine",
        "The cell holds a formula that was saved without its value.",
        "a workbook written by a program and never opened in a spreadsheet",
        "open the workbook in a spreadsheet, let it compute, save it, and register the new version",
        scope="cell",
    ),
    RuleText(
        "error_cell",
        "quarantine",
        "The cell holds an error of the spreadsheet instead of a value.",
        "#DIV/0! in a column of means",
        "correct the formula, or clear the cell if there is no value, and register the new version",
        scope="cell",
    ),
    RuleText(
        "merged_cell",
        "warn",
        "Cells below the header are merged: all but the first read as blank.",
        "one visit written over three rows",
        "unmerge the cells and fill each of them",
    ),
    RuleText(
        "hidden_row",
        "warn",
        "The row is hidden in the workbook; it is read as if it were shown.",
        "a sheet saved with a filter on",
        "show the row if it belongs to the data, or delete it",
    ),
    RuleText(
        "hidden_column",
        "warn",
        "The column is hidden in the workbook; it is read as if it were shown.",
        "a column folded away",
        "show the column if it belongs to the data, or delete it",
    ),
    RuleText(
        "date_cell",
        "stop",
        "A date cell stands among dates kept as text: the spreadsheet may have swapped its day and month.",
        "13/05/2023 stayed text, and beside it 05/03/2023 became the date 3 May",
        "compare with the source; if swapped, declare a repair in the plan: `swap_day_month`, with the reason",
    ),
    RuleText(
        "identifier_damaged",
        "warn",
        "A program seems to have turned an identifier into a number or a date.",
        "1E+05, or a date, among P001 and P002",
        "format the column as text at its source and type the identifier again",
    ),
    RuleText(
        "summary_row",
        "warn",
        "The row is no unit's: a line of totals or means, or the header again. It is left out.",
        "Total, below P001 to P030",
        "export the rows alone",
        ("note", "warn", "stop"),
    ),
    RuleText(
        "zone_open",
        "warn",
        "Times have a zone, and the plan does not say that of the site: a day taken from "
        "them may be the day before or after.",
        "05:00 UTC, which is the evening before in Chicago",
        "say the zone of the site in the plan: `zone: America/Chicago`",
        WHOLE,
    ),
    RuleText(
        "unit_alike",
        "warn",
        "Two units differ only by zeros, case, blanks, signs or letters that look alike; they count as two.",
        "R-07, 7 and 007",
        "write the unit the same way everywhere, if it is one; nothing, if they are two",
    ),
    RuleText(
        "dictionary_type",
        "warn",
        "The text is not of the field's type in the export's data dictionary.",
        "letters in a field validated as integer",
    ),
    RuleText(
        "dictionary_choice",
        "warn",
        "The code is not a choice of the field in the export's data dictionary.",
        "7 in a field with the choices 0 and 1",
    ),
    RuleText(
        "dictionary_range",
        "warn",
        "The value is outside the bounds in the export's data dictionary.",
        "a weight of 700 in a field that ends at 200",
    ),
    RuleText(
        "dictionary_field",
        "warn",
        "The export and its data dictionary do not have the same fields.",
        "a field renamed after the dictionary was saved",
        "save the data and their dictionary on the same day, and register both",
    ),
    RuleText(
        "event_label",
        "warn",
        "The event is not a unique name of REDCap, though the file's other events are.",
        "`Month_1_arm_1` among `month_1_arm_1`",
        "correct the event at its source; its row belongs to no visit of the plan",
        WHOLE,
    ),
    RuleText(
        "unscheduled_value",
        "warn",
        "A value stands where the row's event or repeating form has no such form.",
        "a diary answer on an enrolment row",
        "correct the entry at its source, or save the event-form map anew",
    ),
    RuleText(
        "text_unmatched",
        "warn",
        "A text that the plan names, an event or a form, stands in no row of the file.",
        "`month1_arm_1` in the plan where the export says `month_1_arm_1`",
        "compare the plan with the export; nothing, if the visit has not been reached yet",
        WHOLE,
    ),
    RuleText(
        "no_rows",
        "warn",
        "The file has a header and no row below it.",
        "a layout saved before it was filled in",
        "export it again, or take it out of the register",
        WHOLE,
    ),
    RuleText(
        "invisible_character",
        "warn",
        "The cell holds a character that nobody sees.",
        "a zero-width space behind an id that was pasted from a web page",
        "type the cell again at its source",
    ),
    RuleText(
        "repair_unused",
        "warn",
        "A repair that the plan declares applies to no cell.",
        "the export was corrected at its source since",
        "take the repair out of the plan",
        WHOLE,
    ),
    RuleText(
        "export_unread",
        "warn",
        "The export is registered, and no table of the plan reads it.",
        "a stray file",
        "add a table to the plan, or take the export out of the register",
        WHOLE,
    ),
    RuleText(
        "repaired",
        "note",
        "The cell was changed as the plan declares; the original stands in the findings.",
        "0 headache days where the diary is missing, made missing by a repair",
        "nothing: the plan gives the reason",
    ),
    RuleText(
        "structural_zero",
        "note",
        "A code that counts as zero, as the plan declares.",
        "`does not apply` for work days missed by someone without work",
        "nothing: the plan gives the reason",
    ),
    RuleText(
        "column_undeclared",
        "note",
        "A column of the file that no table reads.",
        "a column of comments",
        "nothing; if its values are needed, declare it under `columns` of a table in the plan",
        WHOLE,
    ),
    RuleText(
        "coded_missing",
        "note",
        "The cell holds a missing-data code, so it has no value.",
        "-99 for not done",
        "nothing, if the code is the right one",
    ),
    RuleText(
        "box_unopened",
        "note",
        "The box is 0 only because nobody opened its form: REDCap writes 0 there. It has no value.",
        "all boxes of a form 0, its status blank or incomplete, and every other field blank",
        "nothing; if the form was filled in and no box ticked, mark it as complete",
    ),
)


def texts(tables: Iterable[Table] = (), crosschecks: Iterable[str] = ()) -> dict[str, RuleText]:
    """Rule id -> text: the rules of every study, those of tables, and those of the crosschecks named."""
    found = {rule.id: rule for rule in RULES}
    for table in tables:
        for rule in table.rules:
            meaning = f"Expected: {rule.expected}."
            found[rule.id] = RuleText(rule.id, rule.severity, meaning, rule.example, rule.fix, scope="cell")
    for name in crosschecks:
        found |= {rule.id: rule for rule in plugin("validation.crosschecks", name, "CROSSCHECK").rules}
    return found


def known_rules(plan: Plan) -> dict[str, RuleText]:
    """Every rule that a finding of a study may name."""
    tables = [table_in(entry, name) for name, entry in plan.tables.items()]
    return texts(tables, (*USUAL, *(entry.check for entry in plan.checks.values())))


def everything() -> dict[str, RuleText]:
    """The whole catalogue."""
    tables = map(table_of, (*declared("schemas"), *declared("instruments")))
    return texts(tables, tuple(declared("validation.crosschecks")))


__all__ = ["ASK", "RULES", "everything", "known_rules", "texts"]
