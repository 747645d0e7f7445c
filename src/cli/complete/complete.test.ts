import assert from "node:assert/strict"
import { describe, test } from "node:test"
import type { Cli } from "../cli.ts"
import { candidatesFor } from "./candidates.ts"
import { joinAtEquals } from "./joined-words.ts"

const NO_SERVER = {} as Cli
const offered = async (line: string, cli = NO_SERVER) => {
  const found = await candidatesFor(cli, line.split(" ").slice(1), new AbortController().signal)
  return found.map(({ text }) => text)
}

describe("candidatesFor()", () => {
  test("commands, and what stands behind a word that is none alone", async () => {
    assert.deepEqual(await offered("windfall se"), ["send", "secret"])
    assert.deepEqual(await offered("windfall host re"), ["resume", "rekey"])
    assert.deepEqual(await offered("windfall help ho"), ["hold", "host"])
    assert.deepEqual(await offered("windfall comple"), ["completion"])
    assert.deepEqual(await offered("windfall nonsense "), [])
  })

  test("what stands behind a word that is a command, too, and behind help", async () => {
    assert.deepEqual(await offered("windfall data "), ["add", "ls", "show", "rm"])
    assert.deepEqual(await offered("windfall notify s"), ["set", "show"])
    assert.deepEqual(await offered("windfall data --j"), ["--json"])
    assert.deepEqual(await offered("windfall help data "), ["add", "ls", "show", "rm"])
    assert.deepEqual(await offered("windfall help data add "), [])
  })

  test("names and ids that the server has, in their places alone", async () => {
    const answers: Readonly<Record<string, unknown>> = {
      "/v1/jobs": { jobs: [{ id: 7, spec: { name: "train", command: ["true"] }, state: "running" }] },
      "/v1/data": { data: [{ name: "mnist", user: "lena", versions: [] }] },
      "/v1/users": { users: [{ name: "lena", role: "user" }] },
      "/v1/tokens": { tokens: [{ id: "t1", user: "lena", role: "user" }] },
      "/v1/invites": { invites: [{ id: "c1", purpose: "user", about: "lena" }] },
      "/v1/secrets": { secrets: [{ name: "HF_TOKEN" }] },
      "/v1/policy": { text: "accounts: { vision: {}, robots: {} }\ndefault-account: robots\nqos: { urgent: {} }" },
      "/v1/notify": { targets: [{ id: "n1", kind: "ntfy", host: "ntfy.sh" }] },
    }
    const cli = { client: { get: async (path: string) => answers[path] } } as unknown as Cli
    for (const [line, expected] of [
      ["forward ", ["7", "train"]],
      ["forward 7 ", []],
      ["stop 7 tr", ["train"]],
      ["data rm ", ["mnist"]],
      ["data show m", ["mnist"]],
      ["data show mnist ", []],
      ["send --data ", ["mnist"]],
      ["user rm ", ["lena"]],
      ["user add ", []],
      ["token create ", ["lena"]],
      ["ps -u ", ["lena"]],
      ["token revoke ", ["t1"]],
      ["invite rm ", ["c1"]],
      ["secret rm ", ["HF_TOKEN"]],
      ["send --secret ", ["HF_TOKEN"]],
      ["notify rm ", ["n1"]],
      ["send --account v", ["vision"]],
      ["send --qos u", ["urgent"]],
      ["hold 7 tr", ["train"]],
      ["up --data ", []],
    ] as const) {
      assert.deepEqual(await offered(`windfall ${line}`, cli), expected, line)
    }
  })

  test("options of the command, in every spelling it has", async () => {
    assert.deepEqual(await offered("windfall send --me"), ["--memory"])
    assert.deepEqual(await offered("windfall run --detach --no-f"), ["--no-folder"])
    assert.ok((await offered("windfall host add --")).includes("--fingerprint"))
  })

  test("values, also behind an equals sign and a short option", async () => {
    assert.deepEqual(await offered("windfall ps --state ru"), ["running"])
    assert.deepEqual(await offered("windfall ps -s ru"), ["running"])
    assert.deepEqual(await offered("windfall ps --state=susp"), ["suspended"])
    assert.deepEqual(await offered("windfall completion z"), ["zsh"])
    assert.deepEqual(await offered("windfall token create --role "), ["user", "admin"])
  })

  test("rules by name, and what each can be", async () => {
    const cli = { client: { get: async () => ({ users: [{ name: "lena", role: "user" }] }) } } as unknown as Cli
    for (const [line, expected] of [
      ["mac rules on_", ["on_return", "on_battery"]],
      ["mac rules --unset vac", ["vacate_after"]],
      ["mac rules on_return ", ["suspend", "vacate", "yield", "ignore"]],
      ["mac rules --host mac-3 on_return v", ["vacate"]],
      ["mac rules on_return vacate ", []],
      ["mac rules on_return=v", ["vacate"]],
      ["mac rules on_return=vacate on_", ["on_return=", "on_battery="]],
      ["mac rules on_return=vacate disp", ["display=leave", "display=sleep"]],
      ["mac rules who ", ["everyone", "nobody", "lena"]],
      ["mac rules time_zone Europe/Berl", ["Europe/Berlin"]],
      ["mac rules nonsense ", []],
      ["mac rules nonsense=", []],
      ["mac hours a", ["always"]],
      ["mac never n", ["nothing"]],
      ["fleet policy low", ["low_power_mode=no", "low_power_mode=yes"]],
      ["fleet policy rack on_battery=y", ["yes"]],
    ] as const) {
      assert.deepEqual(await offered(`windfall ${line}`, cli), expected, line)
    }
    assert.deepEqual(await offered("windfall mac rules who="), ["everyone", "nobody"], "without a login")
  })

  test("nothing of its own within another command's words", async () => {
    assert.deepEqual(await offered("windfall send -- python --"), [])
    assert.deepEqual(await offered("windfall send python --"), [])
    assert.deepEqual(await offered("windfall apply --file wind"), [])
  })
})

test("bash's three words for an option with its value are one", () => {
  assert.deepEqual(joinAtEquals(["ps", "--state", "=", "ru"]), ["ps", "--state=ru"])
  assert.deepEqual(joinAtEquals(["ps", "--state", "="]), ["ps", "--state="])
  assert.deepEqual(joinAtEquals(["mac", "rules", "on_return", "=", "v"]), ["mac", "rules", "on_return=v"])
  assert.deepEqual(joinAtEquals(["send", "-e", "A", "=", "b"]), ["send", "-e", "A", "=", "b"])
})
