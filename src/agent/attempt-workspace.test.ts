import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { test } from "node:test"
import type { AgentClient } from "../../test/support/agent-client.ts"
import { AgentHome, eventually } from "../../test/support/agent-home.ts"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { AGENT_PATHS } from "../protocol/agent-paths.ts"
import type { BlobHash } from "../protocol/ids.ts"
import { encodePack, type PackBlob, readPack } from "../workspace/pack.ts"
import { scanTree } from "../workspace/scan.ts"
import type { ScannedTree } from "../workspace/scanned-tree.ts"
import { bytesBlob, sourceBlob } from "../workspace/sources.ts"
import { decodeTree } from "../workspace/tree.ts"

function blobOf(tree: ScannedTree, hash: BlobHash): PackBlob {
  const object = tree.trees.get(hash)
  return object === undefined ? sourceBlob(hash, tree.sources.get(hash)!) : bytesBlob(hash, object)
}

/** Answers `need` as the server would, until the attempt has started. Returns how many blobs travelled. */
async function supply(agent: AgentClient, sequence: number, tree: ScannedTree): Promise<number> {
  let sent = 0
  for (let answered = 0; ; ) {
    const needs = () => agent.messages.filter((message) => message.type === "need" && message.sequence === sequence)
    const started = () => agent.messages.some((message) => message.type === "started" && message.sequence === sequence)
    await agent.until(() => needs().length > answered || started(), "a need or a start")
    const need = needs()[answered]
    if (need?.type !== "need") return sent
    answered++
    sent += need.hashes.length
    await agent.putBlobs(encodePack(need.hashes.map((hash) => blobOf(tree, hash))))
    agent.send({ type: "supplied", attempt: need.attempt, sequence })
  }
}

test("a workspace travels once; jobs get copies of their own; what they made comes back", async () => {
  await using home = new AgentHome()
  using project = new ScratchFolder()
  const agent = await home.start()
  project.write({
    "main.sh": "cat data/a.txt; echo made > data/new.txt; echo changed > data/a.txt; pwd",
    "data/a.txt": "one\n",
    "empty/": "",
  })
  const tree = await scanTree(project.path)
  agent.startAttempt(1, ["sh", "main.sh"], { workspace: tree.root })
  assert.ok((await supply(agent, 1, tree)) >= 4)
  const { outputs } = await agent.ended(1)
  assert.equal(agent.text(1), `one\n${home.attempt(1, "work")}\n`)
  assert.deepEqual([outputs.files, outputs.problem], [2, null])
  const blobs = new Map<BlobHash, Uint8Array>()
  const fetch = async (hashes: readonly BlobHash[]) => {
    const { status, body } = await agent.post(`${AGENT_PATHS.outputs}${outputs.attempt}`, { hashes })
    assert.equal(status, 200)
    const sink = {
      write: (hash: BlobHash, bytes: Uint8Array) => void blobs.set(hash, Buffer.from(bytes)),
      begin: () => assert.fail(),
    }
    await readPack(
      (async function* () {
        yield body
      })(),
      sink,
    )
  }
  await fetch([outputs.tree!])
  const [folder] = decodeTree(blobs.get(outputs.tree!)!)
  assert.ok(folder?.kind === "folder" && folder.name === "data")
  await fetch([folder.hash])
  const files = decodeTree(blobs.get(folder.hash)!)
  await fetch(files.map((file) => (file.kind === "file" ? file.hash : assert.fail())))
  const contents = files.map((file) => [
    file.name,
    Buffer.from(blobs.get((file as { hash: BlobHash }).hash)!).toString(),
  ])
  assert.deepEqual(contents, [
    ["a.txt", "changed\n"],
    ["new.txt", "made\n"],
  ])
  // The same workspace again: nothing travels, and the first job's writes are not seen.
  agent.startAttempt(2, ["cat", "data/a.txt"], { workspace: tree.root })
  assert.equal(await supply(agent, 2, tree), 0)
  await agent.ended(2)
  assert.equal(agent.text(2), "one\n")
  assert.equal((await agent.post(`${AGENT_PATHS.outputs}${outputs.attempt}`, { hashes: [tree.root] })).status, 404)
})

for (const index of ["", " though the job has removed the index"]) {
  test(`an agent that did not start the job finds its outputs${index}, and knows which trees it has`, async () => {
    await using home = new AgentHome()
    using project = new ScratchFolder()
    const first = await home.start()
    project.write({ "in.txt": "in\n", "sub/run.sh": "cat ../in.txt; echo out > out.txt; sleep 0.3" })
    const tree = await scanTree(project.path)
    first.startAttempt(1, ["sh", "run.sh"], { workspace: tree.root, workingFolder: "sub" })
    await supply(first, 1, tree)
    await first.kill()
    if (index !== "") rmSync(home.attempt(1, "index"), { force: true })
    const second = await home.start()
    assert.deepEqual(second.hello.trees, [tree.root])
    second.adoptAll()
    const { outputs } = await second.ended(1)
    assert.equal(second.text(1), "in\n")
    assert.equal(outputs.files, 1)
  })
}

for (const instead of ["mkfifo ../index", "ln -s /dev/zero ../index"]) {
  test(`a job that puts something else in the place of its index (${instead}) hides no output and holds up nobody`, async () => {
    await using home = new AgentHome()
    using project = new ScratchFolder()
    const agent = await home.start()
    const wait = "while ! test -e ../index; do sleep 0.01; done"
    project.write({ "run.sh": `${wait}; rm ../index; ${instead}; echo out > out.txt` })
    const tree = await scanTree(project.path)
    agent.startAttempt(1, ["sh", "run.sh"], { workspace: tree.root })
    await supply(agent, 1, tree)
    assert.equal((await agent.ended(1)).outputs.files, 1)
  })
}

test("a link lost while the workspace is on its way: the attempt never ran, and runs when started again", async () => {
  await using home = new AgentHome()
  using project = new ScratchFolder()
  project.write({ "run.sh": "echo ran" })
  const tree = await scanTree(project.path)
  const first = await home.start()
  const order = first.startAttempt(1, ["sh", "run.sh"], { workspace: tree.root })
  await first.next("need", 1)
  first.cut()
  await first.gone()
  const second = await home.start()
  assert.equal(second.hello.attempts[0]?.phase, "preparing")
  second.send({ type: "start", order, secrets: {} })
  await supply(second, 1, tree)
  await second.ended(1)
  assert.equal(second.text(1), "ran\n")
  assert.deepEqual(readdirSync(`${home.base}/attempts`), ["1"])
})

test("blobs that cannot be had, or a folder that is not in the workspace, end in words", async () => {
  await using home = new AgentHome()
  using project = new ScratchFolder()
  project.write({ a: "a" })
  const tree = await scanTree(project.path)
  const agent = await home.start()
  const order = agent.startAttempt(1, ["true"], { workspace: tree.root })
  await agent.next("need", 1)
  agent.send({ type: "unsupplied", attempt: order.attempt, sequence: 1, message: "Cannot read the blob: it is gone" })
  const refused = await agent.next("refused", 1)
  assert.deepEqual([refused.cause, refused.message.includes("it is gone")], ["workspace_failed", true])
  agent.startAttempt(2, ["true"], { workspace: tree.root, workingFolder: "nowhere" })
  await supply(agent, 2, tree)
  assert.equal((await agent.ended(2)).exited.exit.exitCode, 126)
  assert.match(agent.text(2, "stderr"), /cannot enter the working folder: No such file/)
})

test("a pack that is not what it says is refused and the agent goes on", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const bad = (async function* () {
    yield Buffer.alloc(50, 7)
  })()
  const answer = (await agent.putBlobs(bad)) as unknown as { error: { code: string } }
  assert.equal(answer.error.code, "corrupt_data")
  agent.startAttempt(1, ["true"])
  await agent.ended(1)
})

test("a secret's file and the workspace go with the attempt", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const { attempt } = agent.startAttempt(1, ["sh", "-c", "echo $TOKEN > kept; cat kept"], {
    secrets: { TOKEN: "0123456789" },
  })
  await agent.ended(1)
  assert.equal(agent.text(1), "**********\n")
  assert.match(readFileSync(home.attempt(1, "secrets"), "utf8"), /0123456789/)
  agent.send({ type: "forget", attempt, sequence: 1 })
  await agent.next("forgotten", 1)
  assert.equal(existsSync(home.attempt(1, "secrets")), false)
  await eventually(() => readdirSync(`${home.base}/attempts`).length === 0, "its folder goes")
})
