"""Every sentence of the advice that is not part of a rule or a question, in one place.

The tone is deliberate: no level is ever worded as reassurance, and no sentence claims to detect, diagnose or
rule out anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from lesionvis.labels import ANGIOMA, NO_SPOTS, PETECHIAL_SHOWER, SINGLE_LESION, UNCERTAIN
from lesionvis.triage.rules import Level

HEADER = "This is not a diagnosis. lesionvis is open-source research software, not a medical device. It can be wrong."
EMERGENCY_NUMBER = "999 (UK), 112 (EU), 911 (US) or your local emergency number"
RED_FLAGS = (
    "fever or shivering, confusion or drowsiness, a stiff neck, a bad headache, a head injury, trouble breathing, "
    "mottled, blue or cold skin, feeling very unwell, spots that spread, or bruises or bleeding"
)
_HELP_AT_ONCE = f"Get help at once if there is {RED_FLAGS}; the emergency number is {EMERGENCY_NUMBER}."
_CHECK_AGAIN = (
    f"Run the check again at once if there is {RED_FLAGS}, or if a spot grows, changes or bleeds. "
    f"The emergency number is {EMERGENCY_NUMBER}."
)
NEXT_STEPS: Final[Mapping[Level, str]] = MappingProxyType(
    {
        Level.EMERGENCY: (
            f"Call {EMERGENCY_NUMBER}, or go to A&E/ER now. Say what is wrong, for example: "
            "'rash that does not fade, with fever'. Do not wait for more spots and do not wait for this tool."
        ),
        Level.SAME_DAY: (
            "Get medical advice today (UK: NHS 111). If there is confusion, a stiff neck or trouble breathing, now or "
            f"later, or if fever comes or the spots spread, call {EMERGENCY_NUMBER}."
        ),
        Level.PROMPT: (f"Contact a doctor within 24-48 hours, or sooner where a reason says so. {_HELP_AT_ONCE}"),
        Level.WITHIN_2_WEEKS: (
            f"Ring your doctor in the next days and say that you need to be seen within 2 weeks. {_HELP_AT_ONCE}"
        ),
        Level.ROUTINE_DERMATOLOGY: (
            "Have the spot looked at by a doctor or dermatologist, sooner if it grows, changes or bleeds. "
            f"{_HELP_AT_ONCE}"
        ),
        Level.WATCH: (
            "Keep an eye on it. Take a dated photo and look again: every day for a crop of "
            f"spots, every month for a single spot. {_CHECK_AGAIN}"
        ),
        Level.NONE: f"Nothing found. This is not an all-clear. {_CHECK_AGAIN}",
    }
)
PROVISIONAL = (
    "Questions are still open, and the answers can raise or lower this level: answer them, and get help when in doubt."
)
# Beside the reasons while questions are open: a rule for a child may stand there, since nobody said that it is none.
WORSE_ANSWER_NOTE = (
    "what nobody answered counts as the worse answer, so a reason may speak of a child, or of spots that do not fade, "
    "though nobody said so"
)
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
            "Many small spots that look alike. Such spots are more likely petechiae than anything else: small bleeds "
            "under the skin, where tiny blood vessels have broken. What made them break is what matters. If one spot "
            "looks unlike the others, have that one looked at by itself."
        ),
        SINGLE_LESION: (
            "One spot that stands out from the skin around it. What counts for such a spot is its shape, border, "
            "colours and size, and whether it changes (ABCDE)."
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

# Said where a photo shows no spots and the person tells of some.
TOLD_SPOTS = "You tell of spots that this photo does not show. What you see counts."

# What the places of the spots add to the advice; it changes no level.
NECK_NOTE = (
    "Spots on the face, the eyes or the neck can come from pressure on the neck: answer the question neck_compression "
    "before all others. After such pressure they need emergency checks, even when you feel well."
)

# What a calendar shows when the next dated photo is due; {photo} is the name of the last one.
REMINDER_TITLE = "Take a photo of the spots again"
REMINDER_TEXT = (
    f"{HEADER} {_HELP_AT_ONCE} Otherwise take a photo of the same place, from the same distance and in the same light "
    "as the last one ({photo}), keep it in the same folder (lesionvis keep), and compare them (lesionvis series). "
    "If you are worried or someone is getting worse, get help, whatever this says."
)

# Shown while questions are asked, as soon as the answers so far make it an emergency.
EMERGENCY_WHILE_ASKING = "As answered so far, this is an emergency."
EMERGENCY_FIRST = "Get help first. Only then:"

# Shown once before the questions, which are put as to the person who has the spots.
QUESTIONS_NOTE = (
    'If you answer for someone else, "you" means that person. If you are not sure, choose unknown: that is '
    "treated with caution, never as a no."
)
