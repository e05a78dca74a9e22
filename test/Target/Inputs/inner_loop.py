"""inner_loop.py [INSTRUCTION]: reads PTX and prints what its innermost loop with the most of these instructions consists of.

Without one it looks for exponentials, of which a pair has one."""

import collections
import re
import sys

body = {}
lines = [line.split("//")[0].strip() for line in sys.stdin]
places = {line[:-1]: k for k, line in enumerate(lines) if re.fullmatch(r"\$\w+:", line)}
for k, line in enumerate(lines):
    branch = re.match(r"(?:@!?%p\d+ )?bra(?:\.uni)? \s*(\$\w+);", line.replace("\t", " "))
    begin = places.get(branch.group(1), k) if branch else k
    inside = lines[begin : k + 1]
    if begin < k and not any(name + ":" in inside[1:] for name in places):
        body[begin] = [text for text in inside if text.endswith(";")]

wanted = sys.argv[1] if len(sys.argv) > 1 else "ex2.approx.ftz.f32"
loop = max(body.values(), key=lambda body: sum(wanted in text for text in body))
names = collections.Counter(re.sub(r"^@!?%p\d+ ", "", text.replace("\t", " ")).split(" ")[0] for text in loop)
pairs = names[wanted]
print(f"{pairs} pairs, {len(loop)} instructions, {len(loop) / pairs:.2f} per pair")
for name in sorted(names):
    print(name, names[name])
