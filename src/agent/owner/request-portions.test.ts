import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import {
  chownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { describe, it } from "node:test"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { answerName, requestName, requestText, saidName } from "../../protocol/owner-request.ts"
import { RequestInbox } from "./request-inbox.ts"

const ROOT = process.getuid?.() === 0
const [ANNA, BEN, JOBS] = [5001, 5002, process.getuid?.() ?? 0]

describe("what lies in the folder of requests", () => {
  it("are nothing as links, pipes, folders, too large, or by two names; and none of that holds anything up", async () => {
    using scratch = new ScratchFolder()
    const requests = scratch.at("requests")
    mkdirSync(requests)
    const at = (name: string) => join(requests, requestName(name))
    const good = requestText({ verb: "resume", id: "x", at: Date.now() })
    writeFileSync(scratch.at("elsewhere"), good)
    symlinkSync(scratch.at("elsewhere"), at("link"))
    linkSync(scratch.at("elsewhere"), at("two-names"))
    spawnSync("mkfifo", [at("pipe")])
    symlinkSync("/dev/zero", at("zero"))
    mkdirSync(at("folder"))
    writeFileSync(join(at("folder"), "x"), "")
    writeFileSync(at("huge"), "")
    truncateSync(at("huge"), 1e12)
    writeFileSync(at("binary"), Buffer.from([0xff, 0xfe, 0, 1]))
    writeFileSync(at("other-id"), good)
    writeFileSync(join(requests, "UPPER.request"), good)
    const { requests: received, isMore } = await new RequestInbox(requests).look(Date.now(), async () => false)
    assert.equal(isMore, false)
    assert.deepEqual(received.map(({ id, request }) => [id, request instanceof WindfallError]).sort(), [
      ["binary", true],
      ["other-id", true],
    ])
    assert.deepEqual(readdirSync(requests).sort(), ["UPPER.request", "binary.request", "other-id.request"])
    assert.equal(readFileSync(scratch.at("elsewhere"), "utf8"), good)
  })

  it("are taken in portions, the owner's first, and mostly unread what one account puts there by the hundred", {
    skip: ROOT ? false : "only root can write as others",
  }, async () => {
    using scratch = new ScratchFolder()
    const requests = scratch.path
    const put = (uid: number, id: string) => {
      const file = join(requests, requestName(id))
      writeFileSync(file, requestText({ verb: "status", id, at: 1 }))
      chownSync(file, uid, uid)
    }
    for (let at = 0; at < 1_500; at++) put(BEN, `ben-${at}`)
    for (let at = 0; at < 1_500; at++) writeFileSync(join(requests, answerName(`old-${at}`)), "")
    for (let at = 0; at < 1_500; at++) utimesSync(join(requests, answerName(`old-${at}`)), 1, 1)
    put(ANNA, "anna")
    put(JOBS, "jobs")
    const inbox = new RequestInbox(requests)
    const seen: string[] = []
    let before = readdirSync(requests).length
    for (let looks = 0, isMore = true; isMore; looks++) {
      assert.ok(looks < 30, "comes to an end")
      const look = await inbox.look(Date.now(), async (uid) => uid === ANNA)
      isMore = look.isMore
      assert.ok(look.requests.filter(({ uid }) => uid !== ANNA).length <= 20)
      for (const { id } of look.requests) {
        if (id === "anna") assert.ok(looks < 2, "in the first pass")
        seen.push(id)
        unlinkSync(join(requests, requestName(id)))
      }
      const after = readdirSync(requests).length
      assert.ok(before - after <= 2_000)
      before = after
    }
    assert.ok(seen.includes("anna") && seen.includes("jobs"))
    assert.ok(seen.length < 1_500, "most of them unread")
    assert.deepEqual(
      readdirSync(requests).filter((name) => name.endsWith(".request")),
      [],
    )
    // The answers that lay in one portion beyond what one look clears are cleared by the next passes.
    for (let passes = 0; readdirSync(requests).length > 0; passes++) {
      assert.ok(passes < 30, "cleared")
      await inbox.look(Date.now(), async () => false)
    }
    inbox.close()
  })

  it("stay while they are fresh, and answers are gone after a minute", async () => {
    using scratch = new ScratchFolder()
    const requests = scratch.path
    const names = [answerName("s"), saidName("s")]
    for (const name of names) writeFileSync(join(requests, name), "")
    const look = () => new RequestInbox(requests).look(Date.now(), async () => false)
    await look()
    assert.deepEqual(readdirSync(requests).sort(), names.sort())
    for (const name of names) utimesSync(join(requests, name), 1, 1)
    await look()
    assert.deepEqual(readdirSync(requests), [])
  })
})
