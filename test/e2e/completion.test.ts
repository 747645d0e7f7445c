import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { Child } from "../support/child.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ local: 1 })
const CLI_MAIN = join(import.meta.dirname, "../../src/cli/main.ts")

/** A `windfall` on PATH, as people have it. */
function withWindfall(): Record<string, string> {
  const bin = pool().scratch.at("bin")
  mkdirSync(bin, { recursive: true })
  const line = `exec '${process.execPath}' --disable-warning=ExperimentalWarning '${CLI_MAIN}' "$@"`
  writeFileSync(join(bin, "windfall"), `#!/bin/sh\n${line}\n`, { mode: 0o755 })
  return {
    HOME: pool().scratch.at("home"),
    PATH: `${bin}:${process.env.PATH ?? ""}`,
    WINDFALL_URL: pool().url,
    WINDFALL_TOKEN: pool().token,
  }
}

async function shellSays(shell: string, script: string): Promise<string[]> {
  await using child = new Child(shell, ["-c", script], { env: withWindfall() })
  const { stdout, stderr } = await child.ended
  assert.equal(stderr, "")
  return stdout.split("\n").filter((line) => line !== "")
}

/** What bash would offer for these words, the last of which is being typed; a busy machine is given time. */
const inBash = (...words: string[]) =>
  shellSays(
    "bash",
    `eval "$(windfall completion bash | sed 's/ complete --/ complete --within 20s --/')"
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}
_windfall windfall
printf '%s\\n' "\${COMPREPLY[@]}"`,
  )

test("bash: commands, options, jobs by number and name, hosts, states", async () => {
  const { id } = await pool().submit({ command: ["sleep", "600"], name: "train" })
  await pool().untilState(id, "running")
  assert.deepEqual(await inBash("windfall", "forw"), ["forward"])
  assert.deepEqual(await inBash("windfall", "send", "--need"), ["--needs-lan"])
  assert.deepEqual(await inBash("windfall", "stop", ""), [String(id), "train"])
  assert.deepEqual(await inBash("windfall", "forward", ""), [String(id), "train"])
  assert.deepEqual(await inBash("windfall", "data", ""), ["add", "ls", "show", "rm"])
  assert.deepEqual(await inBash("windfall", "user", "rm", ""), ["admin"])
  assert.deepEqual(await inBash("windfall", "token", "revoke", "").then((ids) => ids.length), 1)
  assert.deepEqual(await inBash("windfall", "send", "--host", "lo"), ["local1"])
  assert.deepEqual(await inBash("windfall", "ps", "--state", "=", "fin"), ["finishing"])
  assert.deepEqual(await inBash("windfall", "mac", "rules", "on_return", "=", "vac"), ["vacate"])
  assert.deepEqual(await inBash("windfall", "mac", "rules", "on_battery", ""), ["no", "yes", "'above 50%'"])
  await pool().windfall(["stop", "train"])
})

for (const [shell, check] of [
  ["zsh", `autoload -Uz compinit && compinit -D; eval "$(windfall completion zsh)"; whence -w _windfall`],
  ["fish", `windfall completion fish | source; complete -C 'windfall forw'`],
] as const) {
  test(`${shell} takes its script`, async (context) => {
    if (spawnSync(shell, ["--version"]).error !== undefined) return context.skip(`there is no ${shell} on this machine`)
    assert.match((await shellSays(shell, check)).join("\n"), shell === "zsh" ? /_windfall: function/ : /^forward/)
  })
}

test("complete is silent whatever is wrong", async () => {
  const away = { WINDFALL_URL: "http://127.0.0.1:9", WINDFALL_TOKEN: "none" }
  for (const words of [
    ["stop", ""],
    ["send", "--host", ""],
    ["nonsense", "-"],
  ]) {
    const { exitCode, stdout, stderr } = await pool().windfall(["complete", "--shell", "zsh", "--", ...words], {
      env: away,
    })
    assert.deepEqual([exitCode, stdout, stderr], [0, "", ""], words.join(" "))
  }
  const { stdout } = await pool().windfall(["complete", "--shell", "fish", "--", "host", "sh"])
  assert.equal(stdout, "show\tall about one host\n")
})

test("the manual page, the skill and a script for no known shell", async () => {
  const manual = await pool().windfall(["help", "forward"])
  assert.equal(manual.exitCode, 0)
  for (const title of ["Name", "Usage", "Description", "Options", "Examples", "Exit codes", "See also"]) {
    assert.match(manual.stdout, new RegExp(`^${title}$`, "m"))
  }
  const { exitCode, stdout } = await pool().windfall(["skill"])
  assert.equal(exitCode, 0)
  assert.match(stdout, /^# windfall: /)
  const unknown = await pool().windfall(["completion", "tcsh"])
  assert.equal(unknown.exitCode, 2)
  assert.match(unknown.stderr, /Cannot complete in "tcsh"\n {2}One of: bash, zsh, fish/)
})
