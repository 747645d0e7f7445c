import assert from "node:assert/strict"
import { test } from "node:test"
import type { AgentClient } from "../../test/support/agent-client.ts"
import { AgentHome } from "../../test/support/agent-home.ts"
import { stop } from "../../test/support/agent-orders.ts"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { AGENT_PATHS } from "../protocol/agent-paths.ts"
import type { BlobHash } from "../protocol/ids.ts"
import { BlobFolder } from "../workspace/blob-folder.ts"
import { listTree, missingFrom } from "../workspace/diff.ts"
import { encodePack, readPack } from "../workspace/pack.ts"

/** What a server has: it fetches trees from an agent and gives them out again. */
class Kept {
  readonly blobs: BlobFolder

  constructor(scratch: ScratchFolder) {
    this.blobs = new BlobFolder(scratch.at("blobs"))
  }

  async fetch(agent: AgentClient, attempt: string, tree: BlobHash): Promise<string[]> {
    for (let hashes = missingFrom(tree, this.blobs); hashes.length > 0; hashes = missingFrom(tree, this.blobs)) {
      const { status, body } = await agent.post(`${AGENT_PATHS.outputs}${attempt}`, { hashes })
      assert.equal(status, 200)
      await readPack(piece(body), this.blobs)
    }
    return [...listTree(tree, (hash) => this.blobs.readSync(hash))].map(({ path }) => path).sort()
  }

  /** Answers what the agent needs until the attempt has started. */
  async supply(agent: AgentClient, sequence: number): Promise<void> {
    const needs = () => agent.messages.filter((message) => message.type === "need" && message.sequence === sequence)
    const started = () => agent.messages.some((message) => message.type === "started" && message.sequence === sequence)
    for (let answered = 0; ; answered++) {
      await agent.until(() => needs().length > answered || started(), "a need or a start")
      const need = needs()[answered]
      if (need?.type !== "need") return
      const { blobs } = this
      const pack = need.hashes.map((hash) => ({
        hash,
        bytes: blobs.bytesOf(hash) ?? 0,
        open: () => blobs.readSync(hash),
      }))
      await agent.putBlobs(encodePack(pack))
      agent.send({ type: "supplied", attempt: need.attempt, sequence })
    }
  }
}

async function* piece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

const WRITE =
  "mkdir kept; echo 1 > kept/count; echo l > log; trap 'echo 2 > kept/count; exit 0' TERM; echo up; while :; do sleep 0.05; done"
const GLOBS = ["kept/**"]

test("an attempt that has to leave tells its checkpoint before its outputs, and the next one begins with it", async () => {
  await using home = new AgentHome()
  using scratch = new ScratchFolder()
  const kept = new Kept(scratch)
  const agent = await home.start()
  const first = agent.startAttempt(1, ["sh", "-c", WRITE], { checkpoint: { globs: GLOBS, from: null } })
  await agent.until(() => agent.text(1) === "up\n", "a job at work")
  agent.send(stop(first, 5_000, { cause: "preempted" }))
  const left = await agent.next("checkpoint", 1)
  const { exited, outputs } = await agent.ended(1)
  assert.deepEqual([exited.exit.cause, left.files, left.problem, outputs.files], ["preempted", 1, null, 2])
  const order = (type: string) => agent.messages.findIndex((message) => message.type === type)
  assert.ok(order("checkpoint") < order("outputs"))
  assert.deepEqual(await kept.fetch(agent, left.attempt, left.tree!), ["kept", "kept/count"])

  const again = ["sh", "-c", 'echo "<$WINDFALL_CHECKPOINT>"; cat kept/count; ls; echo 3 > more']
  const from = { tree: left.tree!, attempt: 1 }
  agent.startAttempt(2, again, { checkpoint: { globs: GLOBS, from } })
  await kept.supply(agent, 2)
  const ended = await agent.ended(2)
  assert.equal(agent.text(2), "<1>\n2\nkept\n")
  // What the first made comes home with what the second makes. One that ended by itself leaves nothing to a next.
  assert.deepEqual(await kept.fetch(agent, ended.outputs.attempt, ended.outputs.tree!), ["kept", "kept/count", "more"])
  assert.ok(!agent.messages.some((message) => message.type === "checkpoint" && message.sequence === 2))
})

test("an agent that comes after tells the checkpoint, too; without globs it is what comes home", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const first = agent.startAttempt(1, ["sh", "-c", WRITE], { checkpoint: { globs: GLOBS, from: null } })
  const plain = agent.startAttempt(2, ["sh", "-c", WRITE], { checkpoint: { globs: null, from: null } })
  await agent.until(() => agent.text(1) === "up\n" && agent.text(2) === "up\n", "two jobs at work")
  agent.send(stop(first, 5_000, { cause: "preempted" }), stop(plain, 5_000, { cause: "preempted" }))
  await agent.ended(1)
  await agent.ended(2)
  const left = await agent.next("checkpoint", 1)
  assert.ok(!agent.messages.some((message) => message.type === "checkpoint" && message.sequence === 2))
  await agent.kill()
  const next = await home.start()
  next.adoptAll()
  const told = await next.next("checkpoint", 1)
  assert.deepEqual(told, left)
})
