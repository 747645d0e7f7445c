import assert from "node:assert/strict"
import { join } from "node:path"
import { test } from "node:test"
import { Child, type Ended } from "../../../test/support/child.ts"
import { GatewayScene } from "../../../test/support/gateway-scene.ts"

const MAIN = join(import.meta.dirname, "../main.ts")

async function run(scene: GatewayScene, words: readonly string[]): Promise<Ended> {
  const { url } = scene
  await using child = new Child(process.execPath, [MAIN, ...words], {
    cwd: scene.server.folder.path,
    env: { HOME: scene.server.folder.path, WINDFALL_URL: url, WINDFALL_TOKEN: scene.server.adminToken },
  })
  return await child.ended
}

test("a key is made, used, listed with what it used, and removed", async () => {
  await using scene = await GatewayScene.start()
  const made = await run(scene, [
    "key",
    "create",
    "editor",
    "--models",
    "tiny, other,,tiny",
    "--limit",
    "1M/day",
    "--expires",
    "90d",
  ])
  assert.equal(made.exitCode, 0, made.stderr)
  assert.match(made.stdout, /^sk-wf-[\w-]{43}\n$/)
  assert.match(made.stderr, /^windfall: key (k\w+) of admin expires .*, at most 1M tokens a day; .*\/v1 /)
  assert.match(made.stderr, /\nwindfall: no model is called "other" yet: the key is for it once it is served\.\n/)
  const id = /key (k\w+) /.exec(made.stderr)![1]!
  assert.equal((await scene.chat({}, { key: made.stdout.trim() })).status, 200)
  const listed = await run(scene, ["key", "ls"])
  assert.match(listed.stdout, new RegExp(`^${id} +admin +editor +tiny,other +1M/day +0 % +2`, "m"))
  const used = await run(scene, ["key", "usage", "--since", "1h"])
  assert.match(used.stdout, /^admin +editor +tiny +1 +11 +4 +2 +0 +0\n/m)
  assert.deepEqual(await run(scene, ["key", "rm", id]).then(({ stdout }) => stdout), `key ${id} is removed\n`)
  assert.equal((await scene.chat({}, { key: made.stdout.trim() })).status, 401)
  const later = await run(scene, ["key", "usage"])
  assert.match(later.stdout, /^admin +editor \(removed\) +tiny +1 /m)
  for (const out of [listed, used, later]) assert.doesNotMatch(out.stdout, /sk-wf-/)
})

test("what is wrong is said, and no key is made", async () => {
  await using scene = await GatewayScene.start()
  for (const [words, text] of [
    [["key", "create"], /NAME/],
    [["key", "create", "a b"], /Cannot name a key "a b": a name has up to 63 letters/],
    [["key", "create", ""], /Cannot name a key "": a name has/],
    // As "$FIRST,$SECOND" is where both are empty.
    [["key", "create", "a", "--models", ","], /Cannot read --models ,: it names no model/],
    [["key", "create", "a", "--models", "tiny,ti*"], /no model can be called "ti\*": a name has/],
    [["key", "create", "a", "--models", "owner/model"], /no model can be called "owner\/model"/],
    [["key", "rm", ""], /a name is empty/],
    [["key", "rm", ".."], /Cannot ask for "\.\.": nothing is called so/],
    [["key", "create", "a", "--limit", "many"], /"many" is not a limit: .* 1M\/day/],
    [["key", "create", "a", "--user", "nobody"], /Cannot find the user "nobody"/],
    [["key", "rm", "k1"], /there is none of that id\n.*key ls/],
  ] as const) {
    const { exitCode, stdout, stderr } = await run(scene, words)
    assert.deepEqual([exitCode, stdout], [2, ""], stderr)
    assert.match(stderr, text)
  }
  assert.equal((await scene.server.call<{ keys: unknown[] }>("GET", "/v1/keys")).keys.length, 1, "that of the scene")
})
