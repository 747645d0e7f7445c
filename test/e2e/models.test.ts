/** A model from its file to its answer: brought in, served by a hive on a host, found again after its engine or the server was killed, and ended. */
import assert from "node:assert/strict"
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import type { ModelView } from "../../src/protocol/model-api.ts"
import { eventually } from "../support/agent-home.ts"
import { assertRefused } from "../support/assert-refused.ts"
import { headerOf, smallModel, wholeFile } from "../support/hive-models.ts"
import { putStandInEngine, STAND_IN } from "../support/stand-in-engine.ts"
import { TerminalUser } from "../support/terminal-user.ts"
import { usePool } from "../support/use-pool.ts"

const TIMING = { pingMs: 500, silenceMs: 1_000, firstRetryMs: 100, lastRetryMs: 500 }
const MODEL_LIMITS = { restMs: 50, planAgainMs: 500, probeAgainMs: 100 }
const pool = usePool({ hosts: 2, server: { timing: TIMING, modelLimits: MODEL_LIMITS } })

const model = () => pool().api<ModelView>("GET", "/v1/hives/tiny")
const hives = () =>
  pool()
    .hosts.flatMap((host) => host.processes())
    .filter(({ command }) => command.includes(STAND_IN) || command.includes("member.mjs"))
const engines = () => hives().filter(({ command }) => command.includes(STAND_IN))

function ask(key: string, content: string, change: object = {}, signal?: AbortSignal): Promise<Response> {
  return fetch(`${pool().url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "tiny", messages: [{ role: "user", content }], ...change }),
    ...(signal === undefined ? {} : { signal }),
  })
}

async function answerOf(key: string, content: string): Promise<string> {
  const response = await ask(key, content)
  const body = (await response.json()) as { choices: [{ message: { content: string } }] }
  assert.equal(response.status, 200, JSON.stringify(body))
  return body.choices[0].message.content
}

/** Ctrl-C stops an answer and not the conversation, whose beginning the model is told again. */
async function chatAtTerminal(): Promise<void> {
  await using user = new TerminalUser(pool(), "windfall chat tiny; echo code=$?")
  await user.sees("> ")
  user.type("for ever\r")
  await user.sees("on on on")
  user.type("\x03")
  await user.sees("> ")
  user.type("/nonsense\r")
  await user.sees("there are /exit, /clear and /help")
  await user.sees("> ")
  user.type("how many\r")
  await user.sees("You said: how many")
  await user.sees("> ")
  user.type("/exit\r")
  await user.sees("code=0")
  // Ctrl-D, too, while an answer comes: it is said to its end.
  await using leaving = new TerminalUser(pool(), "windfall chat tiny; echo code=$?")
  await leaving.sees("> ")
  leaving.type("after 300 ms\r\x04")
  await leaving.sees("You said: after 300 ms")
  await leaving.sees("code=0")
}

/** Of a folder's links only weights whose header was read come from elsewhere. */
async function keepsLinksHome(project: string): Promise<void> {
  mkdirSync(join(project, "linked"))
  writeFileSync(join(project, "token"), "hf_secret")
  symlinkSync("../0123abcd", join(project, "linked/tiny.gguf"))
  symlinkSync("../token", join(project, "linked/notes.txt"))
  writeFileSync(join(project, "linked/.env"), "TOKEN=hf_secret")
  const { exitCode, stderr } = await pool().windfall(["model", "pull", "linked"])
  assert.equal(exitCode, 0, stderr)
  assert.match(stderr, /left behind: notes\.txt, a link that leads out of the folder$/m)
  assert.match(stderr, /secrets stay home: \.env$/m)
  mkdirSync(join(project, "needs"))
  for (const name of ["config.json", "tokenizer.json"]) symlinkSync("../token", join(project, "needs", name))
  assertRefused(
    await pool().windfall(["model", "pull", "needs"]),
    /Cannot read config\.json: it is a link that leads out of the folder/,
    /Put the file itself/,
  )
  assert.equal((await pool().windfall(["data", "rm", "linked"])).exitCode, 0)
}

test("a model is pulled, served where its engine is, answers, comes back after each kill, and leaves nothing behind", async () => {
  const [, second] = pool().hosts
  const project = join(pool().scratch.at("home"), "project")
  mkdirSync(project, { recursive: true })
  const whole = wholeFile(smallModel(4))
  // As caches of models have them.
  writeFileSync(join(project, "0123abcd"), whole)
  symlinkSync("0123abcd", join(project, "tiny.gguf"))
  const { header } = headerOf(smallModel(4))
  writeFileSync(join(project, "header.gguf"), header)
  writeFileSync(join(project, "other.gguf"), "this is not pulled")
  writeFileSync(join(project, "broken.gguf"), "GGUF, or so")

  assertRefused(await pool().windfall(["model", "pull", "broken.gguf"]), /broken\.gguf/)
  const ends = new RegExp(
    `header\\.gguf: the file ends at byte ${header.length}, its header names .* ${whole.length}\\b`,
  )
  assertRefused(await pool().windfall(["model", "pull", "header.gguf"]), ends, /Fetch header\.gguf again/)
  assertRefused(await pool().windfall(["model", "serve", "cut", "header.gguf"]), ends)
  // What cannot be is refused before anything travels.
  const serve = (...words: string[]) => pool().windfall(["model", "serve", ...words])
  assertRefused(await serve("bad name", "tiny.gguf"), /Cannot serve bad name: a name has/)
  assertRefused(await serve("tiny", "tiny.gguf", "--pin", "nohost"), /nohost/)
  assertRefused(await serve("tiny", "tiny.gguf", "--context", "1m"), /a context of \d+ tokens is more than/)
  assertRefused(await serve("tiny", "tiny.gguf", "--engine", "mlx"), /it is a gguf model/)
  assert.deepEqual(await pool().api("GET", "/v1/data"), { data: [] })
  const pulled = await pool().windfall(["model", "pull", "tiny.gguf"])
  assert.equal(pulled.exitCode, 0, pulled.stderr)
  assert.match(pulled.stdout, /tiny version 1 is in the lab \(llama, 4 layers/)
  await keepsLinksHome(project)
  assertRefused(await pool().windfall(["model", "serve", "tiny", "tinx"]), /tinx/, /Did you mean tiny/)

  const line = ["model", "serve", "tiny", "tiny", "--slots", "2", "--context", "2k"]
  assertRefused(
    await pool().windfall(line),
    /it fits nowhere \(host1, host2: it has no llama\.cpp: unpack llama-VERSION/,
  )
  putStandInEngine(second!)
  // What was put there is found, and the other one, which has none still, is not tried.
  const served = await pool().windfall(line)
  assert.equal(served.exitCode, 0, served.stderr)
  assert.match(served.stderr, /tiny answers at http:\S+\/v1 \(OpenAI\)/)
  const before = await model()
  assert.equal(before.replicas[0]?.plan?.members[0]?.hostName, second!.name)
  assert.equal(before.replicas[0]?.engineVersion, "1 (stand-in)")
  assert.match((await pool().windfall(["model", "ls"])).stdout, new RegExp(`tiny +ready +1/1 .* ${second!.name}`))
  assert.match((await pool().windfall(["model", "where", "tiny"])).stdout, new RegExp(second!.name))
  assert.match((await pool().windfall(["model", "show", "tiny"])).stdout, /head +\S+, layers 0-3/)

  const key = (await pool().windfall(["key", "create", "app", "--models", "tiny"])).stdout.trim()
  assert.equal(await answerOf(key, "hello there"), "You said: hello there")
  const chat = await pool().windfall(["chat"], { input: "first\n\n/clear\nsecond\n/exit\nnever\n" })
  assert.deepEqual([chat.exitCode, chat.stdout], [0, "You said: first\nYou said: second\n"], chat.stderr)
  await chatAtTerminal()
  assert.doesNotMatch((await pool().windfall(["key", "ls"])).stdout, / chat /)

  // Who leaves stops the engine's work, through gateway, tunnel and agent.
  const leaving = new AbortController()
  const endless = await ask(key, "for ever", { stream: true }, leaving.signal)
  for await (const bytes of endless.body as AsyncIterable<Uint8Array>) if (bytes.length > 0) break
  leaving.abort()
  await eventually(async () => (await model()).replicas[0]?.inFlight === 0, "nothing in flight")
  await eventually(
    async () => (await pool().windfall(["model", "logs", "tiny"])).stderr.includes("the client has left"),
    "the engine heard of it",
  )

  const [engine] = engines()
  process.kill(engine!.pid, "SIGKILL")
  // The request waits until it is back.
  assert.equal(await answerOf(key, "again"), "You said: again")
  await eventually(async () => (await model()).state === "ready", "ready again")
  const after = await model()
  assert.notEqual(after.replicas[0]?.job, before.replicas[0]?.job)
  const { stdout: said } = await pool().windfall(["model", "logs", "tiny"])
  assert.match(said, /"hive":"ready"/)

  await pool().server.kill9()
  await pool().server.start()
  assert.equal(await answerOf(key, "still there"), "You said: still there")
  assert.equal((await model()).replicas[0]?.job, after.replicas[0]?.job)
  assert.equal(engines().length, 1)

  assertRefused(await pool().windfall(["model", "rm", "tiny"]), /it is served/)
  const stopped = await pool().windfall(["model", "stop", "tiny"])
  assert.equal(stopped.exitCode, 0, stopped.stderr)
  assert.deepEqual(hives(), [])
  assert.notEqual((await ask(key, "gone")).status, 200)
  assert.equal((await pool().windfall(["model", "rm", "tiny"])).exitCode, 0)
})
