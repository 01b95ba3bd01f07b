"""Every error docai raises on purpose.

DocaiError
├── UsageError             the call is wrong: an unknown option, task, language, fields file
├── InputError             the file is the problem; retrying cannot help
│   ├── UnreadableFile     it is not there, is a folder, or may not be read
│   ├── UnsupportedFormat  the bytes are neither a PDF nor an image we can decode
│   ├── EmptyFile          no bytes, or no pages
│   ├── EncryptedDocument  the PDF needs a password, or another one
│   ├── BrokenDocument     it says it is a PDF or an image and cannot be opened
│   ├── DynamicForm        an XFA form: its pages exist only inside Adobe's viewer
│   ├── LimitExceeded      more bytes, pages or pixels than the limits allow
│   ├── ParserTimeout      opening or rendering it did not end in time
│   ├── ParserMemory       opening or rendering it wanted more memory than allowed
│   ├── ParserCrashed      opening or rendering it killed the parser
│   └── PoisonedDocument   it killed the worker that read it, more than once
├── EngineError            a tool we call failed; retrying may help
│   └── EngineMissing      the tool is not installed; retrying cannot help
├── ModelError             a checkpoint is damaged or does not fit its config
│   └── ModelMissing       no model of that name is installed
└── ServiceError           of the service around the library
    ├── StoreError         the database or the file store does not answer, or is full
    ├── QueueError         the message broker does not answer
    ├── NotFound           no document, job or key of that id belongs to the caller
    ├── Conflict           what was asked does not fit the state things are in
    └── LeaseLost          the work was given to another worker; nothing was written

Each class has a stable `code`, the one that JSON, HTTP and SQL carry, and `retryable`.
Messages say what is wrong with this input and what to do about it.
"""

from typing import ClassVar


class DocaiError(Exception):
    """Base of everything below. `retryable` is what the worker asks about."""

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False


class UsageError(DocaiError):
    """The caller asked for something that does not exist or does not fit together."""

    code = "usage"


class InputError(DocaiError):
    """The document cannot be read as it stands."""

    code = "input"


class UnreadableFile(InputError):
    """The path names no file that this process may read."""

    code = "unreadable_file"


class UnsupportedFormat(InputError):
    """The bytes are neither a PDF nor an image we can decode."""

    code = "unsupported_format"


class EmptyFile(InputError):
    """The file has no bytes, or the document no pages."""

    code = "empty_file"


class EncryptedDocument(InputError):
    """The PDF needs a password, or the one given is wrong."""

    code = "encrypted"


class BrokenDocument(InputError):
    """The file is damaged beyond what the parser can mend."""

    code = "broken_document"


class DynamicForm(InputError):
    """A dynamic XFA form, whose pages are made by Adobe's viewer and are not in the file."""

    code = "dynamic_form"


class LimitExceeded(InputError):
    """The document is larger than the limits allow."""

    code = "limit_exceeded"


class ParserTimeout(InputError):
    """The parser did not finish within its time limit and was killed."""

    code = "timeout"


class ParserMemory(InputError):
    """The parser reached its memory limit."""

    code = "out_of_memory"


class ParserCrashed(InputError):
    """The parser died on this document."""

    code = "parser_crashed"


class PoisonedDocument(InputError):
    """The document killed the worker that read it, repeatedly, and was set aside."""

    code = "poisoned"


class EngineError(DocaiError):
    """An external engine (OCR, renderer) failed on this input."""

    code = "engine_failed"
    retryable = True


class EngineMissing(EngineError):
    """An engine's program or package is not installed."""

    code = "engine_missing"
    retryable = False


class ModelError(DocaiError):
    """A checkpoint and its config disagree, or the checkpoint is damaged."""

    code = "model"


class ModelMissing(ModelError):
    """No model of that name is installed."""

    code = "model_missing"


class ServiceError(DocaiError):
    """Something around the library failed or was asked for wrongly."""

    code = "service"


class StoreError(ServiceError):
    """The database or the file store does not answer, or is full. No document's fault."""

    code = "store_unavailable"
    retryable = True


class QueueError(ServiceError):
    """The message broker does not answer. Work is safe in the database."""

    code = "queue_unavailable"
    retryable = True


class NotFound(ServiceError):
    """There is no such thing, or it belongs to another owner: the two are not told apart."""

    code = "not_found"


class Conflict(ServiceError):
    """The call does not fit the state: a finished job paused, a key reused for another call."""

    code = "conflict"


class LeaseLost(ServiceError):
    """A worker that was slow to answer finds its document given to another."""

    code = "lease_lost"
