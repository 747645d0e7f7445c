/**
 * What mlx_lm.server is started with: its own program, asked through its own handler, and nothing of it on disk is changed. By itself it has no
 * key, loads whatever path or repository a request names, fetches pictures from any address, knows no longest context, says that it is well
 * before the model is loaded, answers 404 to whatever a request made go wrong, goes on without its generation thread, writes requests that
 * are no JSON into its log, and says nothing of what it works on. So: a key; one model; pictures only as data; a bound on tokens; health once the model is
 * loaded; 400 for what is the request's fault, as a seed that it would break off at; what bounds nothing (`top_k` as large as the vocabulary, at which its
 * thread would end, a threshold of XTC that no two tokens reach) taken as no bound, and biases of tokens that the model has not, which it would write
 * beside its memory, passed over, all as llama.cpp has it; an end at stop sequences that are written with
 * other tokens than their own, which it would leave out and go on; which one was met, as llama.cpp tells it;
 * log probabilities of the tokens that were chosen, with their texts, where it has those of the likeliest in no order; an end when nothing can be generated any more; `/windfall/progress`; and a line that tells how much of the model a rank holds.
 *
 * Key, context and how many ranks there must be come by the environment: variables that are missing would have MLX take itself for a
 * group of one. Names of mlx-lm 0.32 that are not there end it with an AttributeError, before anything listens.
 */
export const MLX_LAUNCHER = `
import hmac, json, logging, os, sys, threading
import mlx.core as mx
import mlx_lm.sample_utils as sampling
import mlx_lm.server as server
from mlx.utils import tree_flatten

key = ("Bearer " + os.environ.pop("WINDFALL_ENGINE_KEY")).encode()
most_tokens = int(os.environ.pop("WINDFALL_CONTEXT_TOKENS"))
ranks = int(os.environ.pop("WINDFALL_RANKS"))
if ranks > 1:
    mx.distributed.init(strict=True, backend=os.environ.pop("WINDFALL_BACKEND"))
if mx.distributed.init().size() != ranks:
    sys.exit(f"windfall: the group has {mx.distributed.init().size()} ranks, not {ranks}")

Handler, Provider, Generator = server.APIHandler, server.ModelProvider, server.ResponseGenerator
get, post, begin = Handler.do_GET, Handler.do_POST, Handler._set_completion_headers
load, tokenize, generate, run = Provider.load, Generator._tokenize, Generator.generate, Generator._run_generate
pictures = server._image_parts if hasattr(server, "_image_parts") else None
respond, validate = Handler.generate_response, Handler.validate_model_parameters
top_k, xtc, processors = sampling.apply_top_k, sampling.apply_xtc, server.make_logits_processors
busy, steps = set(), [0]

class Told(threading.local):
    word = None

told = Told()

def answer(handler, status, body):
    text = json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(text)))
    handler.end_headers()
    handler.wfile.write(text)

def is_known(handler):
    if hmac.compare_digest(handler.headers.get("Authorization", "").encode(), key):
        return True
    answer(handler, 401, {"error": "wrong key"})
    return False

def do_GET(self):
    if not is_known(self):
        return
    if self.path == "/windfall/progress":
        answer(self, 200, {"busy": len(busy), "steps": steps[0]})
    elif self.path != "/health":
        answer(self, 404, {"error": "not found"})
    elif self.response_generator.model_provider.model is None:
        answer(self, 503, {"status": "loading"})
    else:
        get(self)

def do_POST(self):
    if not is_known(self):
        return
    busy.add(self)
    try:
        post(self)
    finally:
        busy.discard(self)

def do_OPTIONS(self):
    answer(self, 404, {"error": "not found"})

def status_of(self, status_code=200):
    if status_code == 404 and self.command == "POST":
        status_code = 400 if self.response_generator.is_healthy else 503
    begin(self, status_code)

def log_request(self, *words):
    if self.command != "GET":
        logged(self, *words)

def load_one(self, *named, **also_named):
    before = self.model
    found = load(self, "default_model", None, "default_model")
    if self.model is not before:
        held = sum(array.nbytes for _, array in tree_flatten(self.model.parameters()))
        print(f"windfall: this rank holds {held} bytes of weights", file=sys.stderr)
    return found

def tokenize_bounded(self, tokenizer, request, arguments):
    found = tokenize(self, tokenizer, request, arguments)
    count = len(found[0])
    if count == 0:
        raise ValueError("The prompt is empty")
    if count >= most_tokens:
        raise ValueError(f"The prompt has {count} tokens and exceeds the context of {most_tokens} tokens")
    if arguments.seed is not None and not 0 <= arguments.seed < 2 ** 64:
        raise ValueError("The seed must be from 0 to 2^64 - 1")
    arguments.max_tokens = min(arguments.max_tokens, most_tokens - count)
    return found

def generate_counted(self, request, arguments, progress_callback=None):
    def progress(done, total):
        steps[0] += 1
        if progress_callback is not None:
            progress_callback(done, total)
    told.word = None
    context, items = generate(self, request, arguments, progress)
    def counted():
        words = [word for word in arguments.stop_words or [] if word]
        tokens, text = [], ""
        for item in items:
            steps[0] += 1
            if words:
                tokens.append(item.token)
                text += item.text
                told.word = met_by_text(words, text) or met_by_token(self.model_provider.tokenizer, words, tokens, item)
            if told.word is not None and item.finish_reason != "stop":
                after = len(text) - text.index(told.word) - len(told.word)
                item.text, item.finish_reason = item.text[:len(item.text) - after], "length"
                yield item
                # Of several ranks, which go on together, it can end no request that is not among others.
                if ranks > 1 and not self._is_batchable(arguments):
                    for _ in items:
                        steps[0] += 1
                return
            yield item
    return context, counted()

def met_by_text(words, text):
    met = [(text.index(word), word) for word in words if word in text]
    return min(met)[1] if met else None

def met_by_token(tokenizer, words, tokens, item):
    if item.finish_reason != "stop":
        return None
    for word in words:
        ids = list(tokenizer.encode(word, add_special_tokens=False))
        if ids and tokens[-len(ids):] == ids:
            return word
    return None

def respond_truly(self, text, finish_reason, *values, token_logprobs=None, top_tokens=None, tokens=None, **more):
    if finish_reason == "length" and told.word is not None:
        finish_reason = "tool_calls" if more.get("tool_calls") else "stop"
    found = respond(self, text, finish_reason, *values, token_logprobs=token_logprobs, top_tokens=top_tokens, tokens=tokens, **more)
    if token_logprobs:
        decode = self.response_generator.model_provider.tokenizer.decode
        named = lambda id, logprob: {"id": id, "token": decode([id]), "logprob": logprob}
        tops = [[named(each["id"], each["logprob"]) for each in top] for top in top_tokens or [()] * len(tokens)]
        found["choices"][0]["logprobs"] = {"content": [
            named(id, logprob) | {"top_logprobs": sorted(top, key=lambda each: -each["logprob"])}
            for id, logprob, top in zip(tokens, token_logprobs, tops)
        ]}
    if finish_reason == "stop" and self.body.get("verbose") is True and told.word is not None:
        found["__verbose"] = {"stop_type": "word", "stopping_word": told.word}
    return found

def validate_numbers(self):
    for name in ("xtc_probability", "xtc_threshold"):
        if type(getattr(self, name)) is int:
            setattr(self, name, float(getattr(self, name)))
    validate(self)

def top_k_or_all(logprobs, most):
    return top_k(logprobs, most) if most < logprobs.shape[-1] else logprobs

def xtc_or_none(logits, probability, threshold, special):
    return xtc(logits, probability, threshold, special) if threshold <= 0.5 else logits

def processors_within(logit_bias=None, *others, **more):
    found, ready = processors(None, *others, **more), []
    def biased(tokens, logits):
        if not ready:
            ready.append(processors({id: by for id, by in logit_bias.items() if 0 <= id < logits.shape[-1]}))
        for each in ready[0]:
            logits = each(tokens, logits)
        return logits
    return [biased, *found] if logit_bias else found

def run_or_end(self):
    run(self)
    if not self._generation_failed:
        return
    sys.stderr.flush()
    os._exit(70)

def only_data(messages):
    for part in pictures(messages):
        if not str(server._image_url(part)).startswith("data:"):
            raise ValueError("Images must be data URLs")

def is_nobodys(record):
    return "Raw body" not in str(record.msg) and "Request Body" not in str(record.msg)

logging.getLogger().addFilter(is_nobodys)
logged = Handler.log_request
Handler.do_GET, Handler.do_POST, Handler.do_OPTIONS = do_GET, do_POST, do_OPTIONS
Handler._set_completion_headers, Handler.log_request = status_of, log_request
Handler.generate_response, Handler.validate_model_parameters = respond_truly, validate_numbers
sampling.apply_top_k, sampling.apply_xtc, server.make_logits_processors = top_k_or_all, xtc_or_none, processors_within
Provider.load, Generator._tokenize = load_one, tokenize_bounded
Generator.generate, Generator._run_generate = generate_counted, run_or_end
if pictures is not None:
    server._inline_image_urls = only_data
sys.argv[0] = "mlx_lm.server"
server.main()
`
