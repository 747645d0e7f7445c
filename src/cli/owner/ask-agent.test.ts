import assert from "node:assert/strict"
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, unlinkSync, watch, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { Child } from "../../../test/support/child.ts"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { ruleViews } from "../../presence/rules-held.ts"
import { NO_FLEET, saidPolicy } from "../../presence/said-policy.ts"
import type { MacView } from "../../protocol/mac-view.ts"
import { NO_LEVER } from "../../protocol/owner.ts"
import {
  answerName,
  type OwnerAnswer,
  type OwnerRequest,
  readRequest,
  requestIdOf,
} from "../../protocol/owner-request.ts"

const CLI_MAIN = join(import.meta.dirname, "../main.ts")

/** The command line on a Mac, without a server or a login. */
function windfall(folder: ScratchFolder, ...args: string[]) {
  const settings = {
    HOME: folder.path,
    WINDFALL_OWNER_FOLDER: folder.at("shared"),
    WINDFALL_URL: "",
    WINDFALL_TOKEN: "",
  }
  const env = { ...settings, XDG_CONFIG_HOME: "", XDG_STATE_HOME: "", XDG_CACHE_HOME: "" }
  return new Child(process.execPath, ["--disable-warning=ExperimentalWarning", CLI_MAIN, ...args], { env }).ended
}

const WORD = { at: 1, by: "anna", rules: { on_return: "vacate" } }
const MAC: MacView = {
  host: null,
  name: "mac-3",
  fleet: null,
  owner: "anna",
  consoleAccount: "anna.k",
  presence: null,
  obstacles: [],
  closed: null,
  lever: NO_LEVER,
  preset: "default",
  policy: ruleViews(saidPolicy(NO_FLEET, { rules: WORD }), WORD),
  timeZone: "Europe/Berlin",
  jobs: [],
  heard: "now",
  answeredBy: "mac",
}

/** An agent that answers each request at once; what it was asked. */
function answering(folder: string, answer: (request: OwnerRequest) => Partial<OwnerAnswer>) {
  const asked: OwnerRequest[] = []
  const watcher = watch(folder, () => {
    for (const name of readdirSync(folder)) {
      const id = requestIdOf(name)
      if (id === null) continue
      assert.equal(statSync(join(folder, name)).mode & 0o777, 0o644)
      const request = readRequest(id, readFileSync(join(folder, name), "utf8"))
      unlinkSync(join(folder, name))
      asked.push(request)
      const whole: OwnerAnswer = {
        id,
        done: true,
        code: null,
        text: "",
        presence: null,
        lever: NO_LEVER,
        mac: MAC,
        ...answer(request),
      }
      writeFileSync(join(folder, `.${id}.draft`), JSON.stringify(whole))
      renameSync(join(folder, `.${id}.draft`), join(folder, answerName(id)))
    }
  })
  return { asked, [Symbol.dispose]: () => watcher.close() }
}

function macFolder(): ScratchFolder & { readonly requests: string } {
  const scratch = new ScratchFolder()
  const requests = scratch.at("shared/.requests")
  mkdirSync(requests, { recursive: true })
  return Object.assign(scratch, { requests })
}

test("at the Mac itself the agent is asked, without server or login, and its words are shown", async () => {
  using folder = macFolder()
  using agent = answering(folder.requests, ({ verb }) => ({ text: `${verb}: done\n` }))
  for (const [args, wish] of [
    [["status"], { verb: "status" }],
    [["pause", "--for", "2h"], { verb: "pause", end: "2h" }],
    [["rules", "--unset", "who"], { verb: "rules", rules: { who: null } }],
  ] as const) {
    const { stdout, stderr, exitCode } = await windfall(folder, "mac", ...args)
    assert.deepEqual([stdout, exitCode], [`${wish.verb}: done\n`, 0], stderr)
    const { id: _id, at: _at, ...asked } = agent.asked.at(-1)!
    assert.deepEqual(asked, wish)
  }
  const cut = await windfall(folder, "mac", "rules", "--unset", "--host", "mac-3")
  assert.equal(cut.exitCode, 2)
  assert.match(
    cut.stderr,
    /^Cannot read --unset --host: the rule is missing that is to be taken back, as in --unset who\n/,
  )
  const mixed = await windfall(folder, "mac", "rules", "--unset", "never", "who", "keep_memory")
  assert.equal(mixed.exitCode, 2)
  assert.match(
    mixed.stderr,
    /Cannot set who and take never back at once\n.*--unset never --unset who --unset keep_memory/,
  )
  assert.equal(agent.asked.length, 3)
  for (const args of [["resume"], ["status"], ["rules", "on_return=vacate"]]) {
    const { stdout } = await windfall(folder, "mac", ...args, "--json")
    assert.deepEqual(JSON.parse(stdout), MAC, args.join(" "))
  }
})

test("rules are asked of this Mac's own agent, too, and of an older one that it cannot say them", async () => {
  using folder = macFolder()
  {
    using _agent = answering(folder.requests, () => ({}))
    const { stdout, stderr, exitCode } = await windfall(folder, "mac", "rules")
    assert.equal(exitCode, 0, stderr)
    assert.match(stdout, /^on_return +vacate +anna +what jobs do/m)
    assert.match(stdout, /^vacate_after +5m +preset default /m)
    const json = await windfall(folder, "mac", "rules", "--json")
    assert.deepEqual(JSON.parse(json.stdout), { host: "mac-3", preset: "default", rules: MAC.policy })
  }
  using _older = answering(folder.requests, () => ({ mac: undefined }))
  const older = await windfall(folder, "mac", "rules")
  assert.equal(older.exitCode, 2)
  assert.match(older.stderr, /^Cannot tell all of this Mac: its agent is of an earlier release\n.*--host/)
})

test("what the agent refuses is said with its reason, and what cannot be meant never gets there", async () => {
  using folder = macFolder()
  const text = "Cannot resume mac-3: only its owner, and who sits at it, move its lever"
  using agent = answering(folder.requests, () => ({ done: false, code: "not_allowed", text }))
  const refused = await windfall(folder, "mac", "resume")
  assert.deepEqual([refused.exitCode, refused.stderr], [2, `${text}\n`])
  assert.equal((await windfall(folder, "mac", "rules", "on_retrun", "vacate")).exitCode, 2)
  assert.equal((await windfall(folder, "mac", "pause", "--until", "25:00")).exitCode, 2)
  assert.equal(agent.asked.length, 1)
})

test("where no agent is, a word lies there until one comes, and a question is taken back", async () => {
  using folder = macFolder()
  const paused = await windfall(folder, "mac", "pause", "--for", "1h")
  assert.equal(paused.exitCode, 0)
  assert.match(paused.stdout, /^No agent of Windfall is on this Mac just now, .*holds when one comes\.\n$/)
  assert.equal(readdirSync(folder.requests).filter((name) => requestIdOf(name) !== null).length, 1)
  const status = await windfall(folder, "mac", "status")
  assert.equal(status.exitCode, 0)
  assert.match(status.stderr, /no agent of Windfall is on this Mac just now/)
  const asked = ["status", "rules"].map((word) => windfall(folder, "mac", word, "--json"))
  for (const { stdout, exitCode } of await Promise.all(asked)) {
    const { text, ...rest } = JSON.parse(stdout) as { text: string }
    assert.deepEqual([rest, exitCode], [{ done: false, code: "no_agent" }, 0])
    assert.doesNotMatch(text, /kept/)
  }
  assert.equal(readdirSync(folder.requests).length, 1)
})
