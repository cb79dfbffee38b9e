# Runs the handler of an ordinary Lambda file. Events arrive on descriptor 0, one
# JSON object a line; answers leave on descriptor 3, so that whatever a handler
# prints does not get mixed up with them.
import importlib.util
import json
import os
import sys
import time
import traceback

try:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
except (ImportError, ValueError, OSError):
    pass  # a system without such limits


class Context:
    def __init__(self, call):
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
        self.function_version = "$LATEST"
        self.invoked_function_arn = call["arn"]
        self.memory_limit_in_mb = "256"
        self.aws_request_id = call["requestId"]
        self.log_group_name = ""
        self.log_stream_name = ""
        self.identity = None
        self.client_context = None
        self._deadline = call["deadline"]

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline - int(time.time() * 1000))


def failed(error):
    traceback.print_exc()
    return {"error": {"errorMessage": str(error), "errorType": type(error).__name__}}


def load(file, name):
    spec = importlib.util.spec_from_file_location("handler", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules["handler"] = module
    spec.loader.exec_module(module)
    return getattr(module, name)


def main():
    # The handler has no business with these two.
    events, answers = os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(3, "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    handler = None
    for line in events:
        call = json.loads(line)
        try:
            if handler is None:
                handler = load(*sys.argv[1:3])
            result = json.dumps({"answer": handler(call["event"], Context(call))})
        except Exception as error:
            result = json.dumps(failed(error))
        sys.stdout.flush()
        answers.write(result + "\n")
        answers.flush()


main()
