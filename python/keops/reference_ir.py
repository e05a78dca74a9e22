"""A reader of MLIR's generic form, as ``keops-opt --mlir-print-op-generic`` prints modules of the keops dialect:
operations, attributes, regions, block arguments and types. It knows the grammar and no operation; ``reference``
gives the meaning."""

import re
import struct
from dataclasses import dataclass, field


class ParseError(ValueError):
    """Text that is not MLIR's generic form."""


@dataclass(frozen=True)
class ValueType:
    """``!keops.value<3xf32, ij>``: dimension, element type, and the indices that the value depends on."""

    dim: int
    element: str
    placement: str


@dataclass(frozen=True)
class Attribute:
    """``#keops.reduce<KMin, 3>``: a name and parameters; ``#keops<placement j>`` has the parameter alone."""

    name: str
    parameters: tuple


@dataclass(eq=False)
class Value:
    """A result of ``owner``, or an argument of a block where ``owner`` is None."""

    type: object = None
    owner: object = None
    index: int = 0


@dataclass(eq=False)
class Block:
    arguments: list = field(default_factory=list)
    operations: list = field(default_factory=list)


@dataclass(eq=False)
class Operation:
    """``block`` is the block that holds the operation; ``regions`` lists the blocks inside it."""

    name: str
    operands: list
    results: list = field(default_factory=list)
    attributes: dict = field(default_factory=dict)
    regions: list = field(default_factory=list)
    block: Block = None

    def walk(self):
        yield self
        for blocks in self.regions:
            for block in blocks:
                for operation in block.operations:
                    yield from operation.walk()


TOKEN = re.compile(
    r"""(?P<space>(?:\s|//[^\n]*)+)
    | (?P<string>"(?:[^"\\]|\\.)*")
    | (?P<value>%[A-Za-z0-9_$.\-]+(?:\#\d+)?)
    | (?P<block>\^[A-Za-z0-9_$.\-]+)
    | (?P<dialect>[!\#][A-Za-z_][A-Za-z0-9_$.]*)
    | (?P<symbol>@(?:[A-Za-z0-9_$.\-]+|"[^"]*"))
    | (?P<number>-?0x[0-9A-Fa-f]+|-?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)
    | (?P<word>[A-Za-z_][A-Za-z0-9_$.]*)
    | (?P<mark>->|<\{|\}>|::|[()\[\]{}<>,:=*?+-])""",
    re.VERBOSE,
)
SHAPED = re.compile(r"(\d+)x(.+)")
FLOATS = {"f64": ("<Q", "<d"), "f32": ("<I", "<f")}


def tokenize(text):
    position, tokens = 0, []
    while position < len(text):
        match = TOKEN.match(text, position)
        if not match:
            raise ParseError(
                f"line {text.count(chr(10), 0, position) + 1}: unexpected {text[position : position + 20]!r}"
            )
        position = match.end()
        if match.lastgroup != "space":
            tokens.append((match.lastgroup, match.group(), match.start()))
    return [*tokens, ("end", "", len(text))]


class Reader:
    """Recursive descent over the tokens; one method for each thing of the grammar."""

    def __init__(self, text):
        self.text, self.tokens, self.at = text, tokenize(text), 0

    # ---- tokens -------------------------------------------------------------------------------------------------

    def peek(self, ahead=0):
        return self.tokens[self.at + ahead][1]

    def kind(self):
        return self.tokens[self.at][0]

    def take(self, kind=None, what=None):
        if kind and self.kind() != kind:
            self.fail(f"expected {what or kind}, got {self.peek()!r}")
        if self.kind() == "end":
            self.fail("the text ends too early")
        self.at += 1
        return self.tokens[self.at - 1][1]

    def accept(self, mark):
        if self.peek() != mark or self.kind() == "string":
            return False
        self.at += 1
        return True

    def expect(self, mark):
        if not self.accept(mark):
            self.fail(f"expected {mark!r}, got {self.peek()!r}")

    def fail(self, message):
        line = self.text.count("\n", 0, self.tokens[self.at][2]) + 1
        raise ParseError(f"line {line}: {message}")

    def list_until(self, close, read):
        """Comma-separated items up to the closing mark, which is taken."""
        items = []
        while not self.accept(close):
            if items:
                self.expect(",")
            items.append(read())
        return items

    # ---- operations ---------------------------------------------------------------------------------------------

    def module(self):
        operations = []
        while self.kind() != "end":
            operations.append(self.operation({}, None))
        if len(operations) != 1:
            self.fail(f"expected one operation at the top, a builtin.module; got {len(operations)}")
        return operations[0]

    def operation(self, names, block):
        labels = self.result_labels()
        operation = Operation(self.take("string", "the name of an operation")[1:-1], [], block=block)
        self.expect("(")
        operands = self.list_until(")", lambda: self.take("value", "an operand"))
        operation.operands = [self.use(names, operand) for operand in operands]
        if self.accept("<{"):
            operation.attributes = self.entries("}>")
        if self.peek() == "(":
            self.take()
            operation.regions = self.list_until(")", lambda: self.region(names))
        if self.accept("{"):
            operation.attributes |= self.entries("}")
        self.expect(":")
        self.types()
        self.expect("->")
        results = self.types() if self.peek() == "(" else [self.type()]
        operation.results = [Value(type, operation, k) for k, type in enumerate(results)]
        self.define(names, labels, operation.results)
        return operation

    def result_labels(self):
        """``%0``, ``%0:2`` or ``%a, %b`` before the equals sign: names and how many results each has."""
        labels = []
        if self.kind() != "value":
            return labels
        while True:
            name = self.take("value", "a result")
            labels.append((name, int(self.take()) if self.accept(":") else 1))
            if not self.accept(","):
                self.expect("=")
                return labels

    def use(self, names, operand):
        if operand not in names:
            self.fail(f"{operand} is not defined here")
        return names[operand]

    def define(self, names, labels, results):
        if sum(count for _, count in labels) not in (0, len(results)):
            self.fail(f"expected names for {len(results)} results")
        position = 0
        for name, count in labels:
            for k in range(count):
                value = results[position]
                names[f"{name}#{k}"] = value
                if count == 1:
                    names[name] = value
                position += 1

    def region(self, outer):
        """Blocks; names of the outside stay visible, those of the inside do not escape."""
        self.expect("{")
        names, blocks = dict(outer), []
        while not self.accept("}"):
            block = Block()
            if self.kind() == "block":
                self.take()
                block.arguments = self.block_arguments(names)
                self.expect(":")
            while self.kind() in ("value", "string"):
                block.operations.append(self.operation(names, block))
            blocks.append(block)
        return blocks

    def block_arguments(self, names):
        if not self.accept("("):
            return []

        def argument():
            name = self.take("value", "a block argument")
            self.expect(":")
            names[name] = Value(self.type())
            return names[name]

        return self.list_until(")", argument)

    # ---- types --------------------------------------------------------------------------------------------------

    def types(self):
        self.expect("(")
        return self.list_until(")", self.type)

    def type(self):
        """A value type of the dialect; any other type is read and kept as its text."""
        start = self.at
        if self.peek() == "(":
            self.types()
            self.expect("->")
            self.types() if self.peek() == "(" else self.type()
            return self.words(start)
        head = self.take()
        if head != "!keops.value":
            if self.peek() == "<":
                self.parameters()
            return self.words(start)
        parts = ["".join(part) for part in self.parameters()]
        match = SHAPED.fullmatch(parts[0])
        if not match or len(parts) != 2:
            self.fail(f"expected !keops.value<DIMxTYPE, PLACEMENT>, got {self.words(start)}")
        return ValueType(int(match[1]), match[2], parts[1])

    def words(self, start):
        return " ".join(token[1] for token in self.tokens[start : self.at])

    # ---- attributes ---------------------------------------------------------------------------------------------

    def entries(self, close):
        def entry():
            name = self.take()
            return name.strip('"'), self.attribute() if self.accept("=") else True

        return dict(self.list_until(close, entry))

    def parameters(self):
        """``<a, b c>`` as lists of words, one list for each comma-separated part."""
        self.expect("<")
        parts, depth = [[]], 0
        while depth or self.peek() != ">":
            depth += {"<": 1, "[": 1, "(": 1, ">": -1, "]": -1, ")": -1}.get(self.peek(), 0)
            word = self.take()
            if word == "," and not depth:
                parts.append([])
            else:
                parts[-1].append(word)
        self.expect(">")
        return parts

    def attribute(self):
        kind, text = self.kind(), self.peek()
        if kind == "number":
            return self.number()
        if kind == "string":
            return self.take()[1:-1]
        if kind == "symbol":
            return self.take()[1:]
        if self.accept("["):
            return self.list_until("]", self.attribute)
        if self.accept("{"):
            return self.entries("}")
        if text in ("true", "false"):
            return self.take() == "true"
        if text == "array":
            return self.dense_array()
        if kind == "dialect" and text.startswith("#"):
            return self.dialect_attribute()
        return self.type()

    def number(self):
        text = self.take()
        type = self.take() if self.accept(":") else ("f64" if "." in text else "i64")
        if type not in FLOATS:
            return int(text, 0)
        if not text.startswith("0x"):
            return float(text)
        bits, value = FLOATS[type]
        return struct.unpack(value, struct.pack(bits, int(text, 16)))[0]

    def dense_array(self):
        """``array<i64: 1, 2>``; an empty one has no colon."""
        self.take()
        parts = self.parameters()
        words = [word for part in parts for word in part]
        return [int(word) for word in words[2:]]

    def dialect_attribute(self):
        name = self.take()[1:]
        parts = [" ".join(part) for part in self.parameters()] if self.peek() == "<" else []
        return Attribute(name, tuple(parts))


def parse(text):
    """The ``builtin.module`` of a text in generic form."""
    return Reader(text).module()
