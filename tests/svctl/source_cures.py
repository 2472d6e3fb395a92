"""The cures that svctl prints below its failures, out of its source: "start one: runsvdir -P ... &"."""

import re

from harness import ROOT

# A call whose argument of this number, counted from 0, is the cure.
CALLS = ((r"\bfailure\{", 2), (r"\breturn \{\s*(?=exit_code::)", 2), (r"\bsettle\((?=\w+, exit_code)", 3),
         (r"\brefuse\((?!exit_code|remedy)", 1), (r"\bemplace_back\(\s*exit_code", 2))
# A cure that is a value by itself.
ALONE = r'(?:\bsay_where *= *|\? )"((?:say where|raise the limit)[^"]*)"'


def pieces(code):
    """Each character of an expression outside of literals with its depth in brackets, and each literal as one piece."""
    depth, at = 0, 0
    while at < len(code) and depth >= 0:
        literal = re.compile(r'R"\((?P<raw>.*?)\)"|"(?:[^"\\]|\\.)*"', re.S).match(code, at)
        piece = literal[0] if literal else code[at]
        depth -= piece in ")]}"
        yield depth, piece
        depth += piece in "([{"
        at += len(piece)


def arguments(code):
    """The arguments of a call: lists of pieces. `code` begins behind the opening bracket."""
    found = [[]]
    for depth, piece in pieces(code):
        if depth < 0:
            break
        if depth == 0 and piece == ",":
            found.append([])
        else:
            found[-1].append((depth, piece))
    return found


def alternatives(argument):
    """The values of a chain of `condition ? value : value`."""
    found, is_condition = [[]], any(depth == 0 and piece == "?" for depth, piece in argument)
    for i, (depth, piece) in enumerate(argument):
        is_scope = ":" in (argument[i - 1][1] if i else "", argument[i + 1][1] if i + 1 < len(argument) else "")
        if depth == 0 and piece == "?":
            found[-1] = []
        elif depth == 0 and piece == ":" and is_condition and not is_scope:
            found.append([])
        else:
            found[-1].append((depth, piece))
    return found


def text_of(value):
    """The literals of an expression, with ... for what is between them."""
    text = ""
    for _, piece in value:
        if raw := re.fullmatch(r'R"\((.*)\)"', piece, re.S):
            text += raw[1]
        elif piece.startswith('"'):
            text += re.sub(r"\\(.)", r"\1", piece[1:-1])
        elif re.match(r"\w", piece) and not text.endswith("..."):
            text += "..."
    return text.strip()


def cures_of_failures():
    """Each cure with the files that print it."""
    found = {}
    for source in sorted((ROOT / "src/svctl").rglob("*.cc")):
        code = re.sub(r"^\s*//.*|\s//[^\"\n]*$", "", source.read_text(), flags=re.M)
        code = re.sub(r'"\s*\n\s*"', "", code)
        texts = re.findall(ALONE, code)
        for call, place in CALLS:
            for match in re.finditer(call, code):
                all_arguments = arguments(code[match.end():])
                if len(all_arguments) > place:
                    texts += [text_of(value) for value in alternatives(all_arguments[place])]
        for text in texts:
            if re.search("[a-z]{3}", text):
                found.setdefault(text, set()).add(source.name)
    return found
