"""What a legacy record and a degree of the registry hold, field by field."""

from __future__ import annotations

from migrate.intake.schema import Field, Schema

LEGACY = Schema(
    name="legacy",
    key="legacy_id",
    fields=(
        Field(
            "legacy_id",
            "id",
            required=True,
            headings=("شناسه", "شناسه رکورد", "ردیف", "کد رکورد", "شماره ردیف", "id", "row_id"),
        ),
        Field("first_name", "name", required=True, headings=("نام", "نام کوچک", "اسم")),
        Field(
            "last_name",
            "name",
            required=True,
            headings=("نام خانوادگی", "نام‌خانوادگی", "شهرت", "فامیلی", "فامیل"),
        ),
        Field("father_name", "name", headings=("نام پدر", "فرزند", "پدر", "اسم پدر")),
        Field("sex", "sex", headings=("جنس", "جنسیت")),
        Field(
            "national_id",
            "national_id",
            headings=("کد ملی", "کدملی", "شماره ملی", "ش ملی", "ش.ملی"),
        ),
        Field(
            "birth_cert_no",
            "certificate_no",
            headings=("شماره شناسنامه", "ش ش", "ش.ش", "ش.ش.", "شناسنامه", "ش شناسنامه"),
        ),
        Field("birth_place", "place", headings=("محل تولد", "محل صدور", "شهر تولد", "صادره")),
        Field("birth_date", "date", headings=("تاریخ تولد", "ت تولد", "ت.ت", "تولد", "سال تولد")),
        Field(
            "university",
            "university",
            required=True,
            headings=("دانشگاه", "نام دانشگاه", "موسسه", "محل تحصیل", "دانشگاه محل تحصیل"),
        ),
        Field(
            "field_of_study",
            "field_of_study",
            headings=("رشته", "رشته تحصیلی", "نام رشته", "رشته/گرایش"),
        ),
        Field(
            "degree",
            "degree",
            headings=("مقطع", "مقطع تحصیلی", "مدرک", "مدرک تحصیلی", "درجه"),
        ),
        Field(
            "graduation_date",
            "date",
            headings=("تاریخ فراغت از تحصیل", "تاریخ فارغ التحصیلی", "تاریخ فراغت", "فراغت"),
        ),
        Field(
            "diploma_no",
            "diploma_no",
            headings=("شماره دانشنامه", "شماره مدرک", "شماره گواهینامه", "ش دانشنامه", "ش مدرک"),
        ),
        Field(
            "diploma_date",
            "date",
            headings=("تاریخ دانشنامه", "تاریخ صدور", "تاریخ مدرک", "تاریخ صدور مدرک"),
        ),
        Field("document_type", "document_type", headings=("نوع مدرک", "نوع سند", "نوع گواهی")),
        Field(
            "page_ref",
            "text",
            headings=("صفحه", "شماره صفحه", "صفحه دفتر", "دفتر/صفحه", "نشانی در دفتر"),
        ),
    ),
)

REGISTRY = Schema(
    name="registry",
    key="degree_id",
    fields=(
        Field("degree_id", "id", required=True),
        Field("person_id", "id", required=True),
        Field("national_id", "national_id"),
        Field("first_name", "name", required=True),
        Field("last_name", "name", required=True),
        Field("father_name", "name"),
        Field("sex", "sex"),
        Field("birth_cert_no", "certificate_no"),
        Field("birth_place", "place"),
        Field("birth_date", "date"),
        Field("university", "university", required=True),
        Field("field_of_study", "field_of_study"),
        Field("degree", "degree"),
        Field("graduation_date", "date"),
        Field("diploma_no", "diploma_no"),
        Field("validity_code", "code"),
    ),
)
