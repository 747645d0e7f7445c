import assert from "node:assert/strict"
import { test } from "node:test"
import { listenNote } from "./listen-note.ts"

const note = (line: string, env: Record<string, string> = {}) => listenNote({ command: line.split(" "), env })

test("a command that names all addresses, or a server that takes all by itself, is told of the question on the screen", () => {
  for (const line of [
    "mlx_lm.server --host 0.0.0.0 --port 8080",
    "jupyter lab --ip=0.0.0.0",
    "gunicorn -b 0.0.0.0:8000 app",
    "tensorboard --logdir runs --bind_all",
    "uvicorn app:app --host [::]",
    "python -m http.server 8000",
    "streamlit run app.py",
    "vllm serve some/model",
  ]) {
    assert.match(note(line) ?? "", /asks on its owner's screen.*windfall forward/, line)
  }
  assert.match(note("ollama serve", { OLLAMA_HOST: "0.0.0.0" }) ?? "", /^the job names 0\.0\.0\.0/)
})

test("others are not", () => {
  for (const line of [
    "python train.py --lr 0.0.0.01",
    "python -m http.server --bind 127.0.0.1",
    "mlx_lm.server --host 127.0.0.1",
    "vllm serve some/model --host 127.0.0.1",
    "pip install package==10.0.0.0",
    "jupyter lab",
  ]) {
    assert.equal(note(line), undefined, line)
  }
})
