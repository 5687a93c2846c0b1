"""The words that names are taken apart by: titles, ends of surnames, given names. All as keys."""

from __future__ import annotations

from migrate.persian.letters import key


def _keys(words: str) -> frozenset[str]:
    return frozenset(key(word) for word in words.split())


# titles that no surname begins with: nothing is joined to them
COURTESY = _keys("آقای خانم جناب سرکار دوشیزه دکتر مهندس پروفسور تیمسار سرهنگ سرگرد سروان")
# said of a father who has died, before the name or after it
LATE = _keys("مرحوم مرحومه شادروان متوفی متوفا")
TITLES = (
    COURTESY
    | LATE
    | _keys("حاج حاجی حاجیه حاجیه‌خانم الحاج کربلایی کربلایی کبلایی کربلائیه مشهدی مشدی مشتی")
    | _keys("شهید استاد فرزند حجت‌الاسلام حجه‌الاسلام والمسلمین آیت‌اله آیه‌اله ثقه‌الاسلام")
)
# titles that surnames begin with too: حاج حسینی, مشهدی فراهانی, استاد محمدی
PILGRIM = _keys("حاج حاجی کربلایی مشهدی استاد")
SEYYED = _keys("سید سیده")
SADAT = _keys("السادات سادات")
# ends of surnames: with the word before them they are one part, and no title goes before them
ENDS = _keys("زاده پور نژاد فر نیا یان لو پناه دوست وند چی منش خواه کیا آبادی وردی قلی ی ان ین")
JOINED_ENDS = _keys("زاده پور نژاد فر نیا یان لو پناه دوست وند چی منش خواه کیا آبادی وردی قلی")
# common given names: where one is written on to another or to a title, they are parted
GIVEN = _keys(
    "محمد علی حسن حسین رضا احمد محمود حامد حمید مهدی هادی جواد صادق کاظم باقر تقی نقی جعفر موسی"
    " عباس اکبر اصغر قاسم ابراهیم اسماعیل اسمعیل یوسف یعقوب اسحاق یونس داود داوود سلیمان امین امیر"
    " کریم رحیم سعید مسعود ناصر منصور مصطفی مرتضی مجتبی یحیی عیسی طاهر زمان یاسین طه طاها ایمان"
    " کمال جلال جمال رسول نبی ولی صالح سجاد میلاد پویا آرش سام پارسا عرفان احسان محسن مجید وحید"
    " خلیل جلیل هاشم حیدر صفدر صفر رجب شعبان رمضان قربان مراد نظر شاپور فاطمه زهرا مریم زینب معصومه"
    " سکینه رقیه خدیجه طاهره صدیقه نرگس لیلا سمیه اعظم اشرف اقدس ابوالفضل ابوالقاسم ابوالحسن"
    " عبدالله عبداله فاضل فرید شریف حنیف سینا کیان مهران مهرداد بهزاد فرزاد شهرام بهرام"
)
# words that come after a given name, but are none themselves
SECOND = _keys(
    "بیگم بانو سلطان صغری کبری دخت منیر خان خانی جانی دادی شاهی بخش بخشی بابا بابایی بیگی"
)
# these, at the end of any longer word, were names by themselves: اخترعلی, نورمحمد
LAST = _keys("علی محمد حسین رضا مراد")
PREFIXES = (GIVEN - _keys("زمان")) | _keys(
    "غلام میر گل شاه شیر نور خان یار سلطان خدا برات کرم اسد فتح عین لطف دوست"
    " ماه پروین ایران پوران مهین اعظم اکرم"
)
# second words of surnames, that the law added and took away again: محمدی اصل
ADDED = tuple(
    sorted(
        _keys(
            "اصل مقدم فرد راد نیک کهن نسب ثابت تبار تهرانی شیرازی اصفهانی تبریزی خراسانی کرمانی یزدی"
            " همدانی گیلانی اردبیلی مازندرانی کاشانی قزوینی بروجردی خویی لنگرودی مشهدی قمی کرمانشاهی"
            " سمنانی زنجانی خوانساری نیشابوری سبزواری بوشهری"
        )
    )
)
# of these, the ones that end many a single word too (بهراد, منفرد)
ADDED_TO_SURNAMES = _keys("فرد راد نیک")
# what a surname after such a title ends in, and what a given name that ends like one ends in
SURNAME_ENDS = ("ی", "زاده", "پور", "نژاد", "وند", "لو", "یان", "نیا")
GIVEN_ENDS = ("علی", "ولی", "قلی", "نبی", "تقی", "نقی", "مهدی", "هادی", "صفی", "رضی", "غنی")
GIVEN_LIKE_SURNAMES = _keys(
    "کبری صغری مهری لیلی طوبی شمسی شادی عذری فخری بدری گیتی مهستی سعدی آزاده زری پری سوری قدسی حوری"
)
GIVEN_FORMS = SECOND | {given + end for given in GIVEN for end in ("", "ی", *JOINED_ENDS)}
# words in ال that are names by themselves, not the second half of one (عبد الرحمن)
OWN_WORDS = SADAT | _keys(
    "ال الهام الهامی الهه الهی الناز الیاس الیاسی المیرا الماس الماسی الوند الوندی البرز البرزی"
    " الفت الفتی السا الینا الیکا الیار الهیار الهیاری الیان"
)
WOMEN = _keys("فاطمه زهرا مریم زینب معصومه سکینه رقیه خدیجه طاهره صدیقه نرگس لیلا سمیه اعظم اشرف")
# two right spellings of one sound that no letter-by-letter rule joins
SPELLINGS = {
    "اسمعیل": "اسماعیل",
    "ریوف": "روف",
    "مسیول": "مسول",
    "رحمن": "رحمان",
    "اسحق": "اسحاق",
    "ابرهیم": "ابراهیم",
    "هرون": "هارون",
    "سلیمن": "سلیمان",
    "لقمن": "لقمان",
    "عثمن": "عثمان",
    "موسا": "موسی",
    "عیسا": "عیسی",
    "یحیا": "یحیی",
    "مرتضا": "مرتضی",
    "مصطفا": "مصطفی",
    "مجتبا": "مجتبی",
    "لیلا": "لیلی",
    "کبرا": "کبری",
    "صغرا": "صغری",
    "طاها": "طه",
    "یاسین": "یس",
    "ابولف": "ابوالف",
    "ابولق": "ابوالق",
    "ابولح": "ابوالح",
    "خوا": "خا",
    "نب": "مب",
}
