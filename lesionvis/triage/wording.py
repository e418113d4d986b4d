"""Every sentence of the advice that is not part of a rule or a question, in one place.

The tone is deliberate: no level is ever worded as reassurance, and no sentence claims to detect, diagnose or
rule out anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from lesionvis.labels import ANGIOMA, NO_SPOTS, PETECHIAL_SHOWER, SINGLE_LESION, UNCERTAIN

HEADER = (
    "NOT A DIAGNOSIS. lesionvis is for research and education. It is not approved as a medical device, and it can be "
    "wrong."
)
EMERGENCY_NUMBER = "999 (UK), 112 (EU), 911 (US) or your local emergency number"
RED_FLAGS = (
    "fever or shivering, confusion or drowsiness, a stiff neck, a bad headache, a head injury, trouble breathing, "
    "mottled, blue or cold skin, feeling very unwell, spots that spread, or bruises or bleeding"
)
_HELP_AT_ONCE = f"Get help at once if there is {RED_FLAGS}; the emergency number is {EMERGENCY_NUMBER}."
# Over the list of signs to look out for, by the family of the deciding rule.
AGAIN_FOR = "Call again at once for any of these:"
ELSE_AT_ONCE_FOR = "Call the emergency number at once for any of these:"
AT_ONCE_FOR: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cancer": "Get help sooner for any of these; for fever with new spots call the emergency number:",
        "pregnancy": "Call your maternity unit or the emergency number at once for any of these:",
    }
)
ALSO_NOTED = "Also noted, but what is said above comes first:"
# Said instead of any sign that was not there: nobody was asked about it.
NOT_ASKED = "You have not answered the safety questions, so this can be too low or too high. --ask asks them."
STILL_OPEN = "These open answers can still change the advice (--ask asks them):"
# Beside the reasons while questions are open: a rule for a child may stand there, since nobody said that it is none.
WORSE_ANSWER_NOTE = "what nobody answered counts as the worse answer"
# What to say on the phone while nobody answered the warning signs with no.
SAY_WHAT_YOU_SEE = "If you ring anyone: say what you see, since when, and every warning sign that is there."
# What the photo has when nothing was found in it and no answer asks for more.
NOTHING_FOUND = "Nothing found. This is not an all-clear."
ALWAYS = (
    "If you are worried or someone is getting worse, get help, whatever this says.",
    "A parent's or carer's worry counts.",
    "Do not wait for a rash: a serious infection can come before it or without one.",
    "On brown or black skin also look at the palms, the soles, inside the eyelids and the roof of the mouth.",
    "No clinician has reviewed the rules or the wording of lesionvis.",
)

# What a pattern means, in plain words; none of them says what the spots are.
PATTERN_MEANINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        PETECHIAL_SHOWER: (
            "Many small spots that look alike, more likely petechiae than anything else: small bleeds under the skin. "
            "Many tiny dots that look alike and came together point away from skin cancer. What made them come is "
            "what matters now. If one spot looks unlike the others, have that one looked at by itself."
        ),
        SINGLE_LESION: (
            "One spot that stands out from the skin around it. Check it by ABCDE: A two halves that differ, B a ragged "
            "Border, C several Colours, D Diameter over 6 mm, E Evolving, or unlike your other spots. One of them is a "
            "reason to have it looked at; --abcde draws the measured ones."
        ),
        ANGIOMA: (
            "A red spot that looks more like a cherry angioma than like anything else: a small bump of blood vessels "
            "that stays for years and that a finger can feel. It does not come overnight, and one that is new or "
            "changes has to be looked at."
        ),
        UNCERTAIN: "The photo does not show clearly enough what kind of spots these are.",
        NO_SPOTS: "No spots were found in this photo. That is not an all-clear.",
    }
)

# The same in a few words, for a table.
PATTERN_SHOWN: Final[Mapping[str, str]] = MappingProxyType(
    {
        PETECHIAL_SHOWER: "the photo shows many small spots that look alike",
        SINGLE_LESION: "the photo shows one spot that stands out",
        ANGIOMA: "the photo shows a red spot that looks like a cherry angioma",
        UNCERTAIN: "the photo does not show clearly what kind of spots these are",
        NO_SPOTS: "no spots were found in the photo, which is not an all-clear",
    }
)

# Said of a crop of spots in which one is unlike the others.
STANDS_OUT = (
    "One spot stands out from the skin and from any other spots, so it is judged by itself as well (ABCDE). "
    "Show that one to whoever looks at the spots."
)

# Said before the reasons why this photo does not do; the advice stands meanwhile.
TAKE_ANOTHER = "First take another photo; until then what is said here stands:"

# In a batch, where no person answered: the level then rests on what the photo shows.
NOBODY_WAS_ASKED = "nobody was asked"
NOBODY_ASKED_NOTE = (
    "Nobody was asked about {count} of these photos: their levels rest on what the photos show. Fever, confusion, hard "
    "breathing or feeling very ill would make them higher."
)

# Said where a photo shows no spots and the person tells of some.
TOLD_SPOTS = "You tell of spots that this photo does not show. What you see counts."

# What the places of the spots add to the advice; it changes no level.
NECK_NOTE = (
    "Spots on the face, the eyes or the neck can come from pressure on the neck: say first whether the neck was "
    "squeezed or pressed. After such pressure they need emergency checks, even when you feel well."
)

# What a calendar shows when the next dated photo is due; {photo} is the name of the last one.
REMINDER_TITLE = "Take a photo of the spots again"
REMINDER_TEXT = (
    f"{HEADER} {_HELP_AT_ONCE} Otherwise take a photo of the same place, from the same distance and in the same light "
    "as the last one ({photo}), keep it in the same folder (lesionvis keep), and compare them (lesionvis series). "
    "If you are worried or someone is getting worse, get help, whatever this says."
)

# Purpura is the name of larger bleeds of the same kind (the guide: over about 3 mm).
PURPURA_MM = 3.0

# The dialogue.
QUESTIONS_NOTE = '"You" means the person with the spots. "I don\'t know" is a full answer and never counts as no.'
AGE_QUESTION = "How old is the person with the spots? Years, or such as 5 months."
CAUSE_QUESTION = "What happened just before the spots came?"
GLASS_TEST_STEPS = (
    "Press the side of a clear drinking glass firmly on the spots, and look through it.",
    "On brown or black skin look at the palms, the soles and inside the mouth.",
    "With fever do not wait for this test: get help.",
)
ALL_UNKNOWN_NOTE = "Then get someone to look with you. If you cannot, ring the advice line."
STOP_HERE = "STOP HERE. GET HELP NOW."
GO_ON = 'Enter ends here. Type "go on" to go on answering while you wait, "back" if you mistyped.'
