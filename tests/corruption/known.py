"""Damage that the files could show and that no check finds everywhere: operator -> what is missing."""

HOLES: dict[str, str] = {
    "answers_of_another": "answers that are nearly all the lowest tell too little to call two people copies",
}
