import assert from "node:assert/strict"
import { test } from "node:test"
import { pythonWish } from "./python-command.ts"

const python = (script: string | null) => ({ wants: "python", script })

test("pythonWish() knows python and what people install beside it, by name", () => {
  const cases: [string, ReturnType<typeof pythonWish> | object][] = [
    ["python train.py --epochs 3", python("train.py")],
    ["python3.12 -u -W ignore src/train.py", python("src/train.py")],
    ["python -m pytest", python(null)],
    ["python -c print(1)", python(null)],
    ["python -", python(null)],
    ["python", python(null)],
    ["pytest -x tests", python(null)],
    ["torchrun --nproc 1 train.py", python(null)],
    ["mlx_lm.generate --prompt x", python(null)],
    ["env A=1 python x.py", python("x.py")],
    ["OMP_NUM_THREADS=2 python x.py", python("x.py")],
    ["uv run x.py", { wants: "uv" }],
  ]
  for (const [line, wish] of cases) assert.deepEqual(pythonWish(line.split(" ")), wish, line)
})

test("pythonWish() looks into a line for a shell, at each of its commands", () => {
  assert.deepEqual(pythonWish(["/bin/sh", "-c", "mkdir -p out && python train.py > out/log"]), python("train.py"))
  assert.deepEqual(pythonWish(["bash", "-lc", "cd sub; pytest"]), python(null))
  assert.equal(pythonWish(["sh", "-c", "echo python"]), null)
})

test("pythonWish() leaves alone what names its program by a path, and all else", () => {
  for (const line of [
    "make",
    "./python x.py",
    ".venv/bin/python x.py",
    "sh train.sh",
    "echo python x.py",
    "pythonic x",
  ]) {
    assert.equal(pythonWish(line.split(" ")), null, line)
  }
  assert.equal(pythonWish([]), null)
})
