"""Which classes the second set holds, what each means for the verdict, and how many files of each.

Some classes are not about what a file says but about how it is wrapped: those borrow the templates
of others and only change the format.
"""

from collections.abc import Sequence
from dataclasses import dataclass

PUPIL_NAMES = (
    "absence archive_nested care_incident_report case_slides childcare_list classlist "
    "csv_encodings email_attachment email_inline grades_overview hard_single_mention "
    "html_json_export oso_dossier photo_list referral_application renamed single_child_letter "
    "sis_export_xml support_plan youth_protection_letter youthcare_plan uwlr_export unilogin_list "
    "amn_or_toets_csv health_record"
)
CLEAN_NAMES = (
    "aggregates anonymous_case archive_neutral bank_statement blank_form booklist_isbn "
    "email_neutral email_neutral_attachment exam_word_problems fiction history_names "
    "invoice lesson licence_keys logs menu_plan minutes_adults newsletter orders policy "
    "renamed_neutral research sensor_numbers serial_numbers slides_neutral source_code "
    "staff_roster supplier_phones timetable sports_club_members wedding_guest_list "
    "job_application_cv genealogy recipe union_letter parents_council_minutes "
    "school_website_news xsd_schema sample_test_data_with_placeholders"
)
PUPIL = tuple(PUPIL_NAMES.split())
CLEAN = tuple(CLEAN_NAMES.split())
PUPIL_FILES, CLEAN_FILES = 14, 9
"""Files of each class: about as many about pupils as others."""

SHARES = {"nl": 0.49, "da": 0.34, "en": 0.17}
"""Of the files of a class that has templates in all three languages."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Borrowed:
    """A class that wraps what other classes say."""

    kinds: Sequence[str]
    formats: Sequence[str]
    only: str = ""
    """Take only templates that may be written so."""


BORROWED = {
    "archive_nested": Borrowed(
        kinds=("classlist", "support_plan", "absence", "youthcare_plan", "single_child_letter",
               "health_record"),
        formats=("zip", "tar.gz", "zip.zip"),
    ),
    "renamed": Borrowed(
        kinds=("classlist", "support_plan", "grades_overview", "care_incident_report",
               "referral_application", "childcare_list"),
        formats=("renamed",),
    ),
    "csv_encodings": Borrowed(
        kinds=("classlist", "absence", "grades_overview", "childcare_list", "unilogin_list",
               "health_record"),
        formats=("csv",), only="csv",
    ),
    "email_attachment": Borrowed(
        kinds=("classlist", "support_plan", "referral_application", "absence", "youthcare_plan",
               "grades_overview"),
        formats=("eml+", "msg+"),
    ),
    "archive_neutral": Borrowed(
        kinds=("lesson", "policy", "blank_form", "invoice", "menu_plan", "staff_roster"),
        formats=("zip", "tar.gz", "zip.zip"),
    ),
    "renamed_neutral": Borrowed(
        kinds=("lesson", "policy", "aggregates", "minutes_adults", "orders", "supplier_phones"),
        formats=("renamed",),
    ),
    "email_neutral_attachment": Borrowed(
        kinds=("policy", "invoice", "timetable", "blank_form", "aggregates", "staff_roster"),
        formats=("eml+", "msg+"),
    ),
}  # fmt: skip
