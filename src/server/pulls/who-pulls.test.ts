import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { describe, it } from "node:test"
import { HubScene, ONE_CONNECTION, refused } from "../../../test/support/hub-scene.ts"
import { HUB_LIMITS } from "../../hub/hub.ts"
import type { PullView } from "../../protocol/pull-api.ts"

describe("who fetches a model", () => {
  it("is refused at once what cannot come: what there is not, no room, a name of somebody else's, a hub of their own", async () => {
    await using scene = await HubScene.start()
    const ada = await scene.server.userToken("ada")
    await assert.rejects(scene.pull("lab/none"), refused("file_not_found", /no such repository/))
    await assert.rejects(scene.pull("lab/tiny-GGUF"), refused("invalid_input", /2 models/, /Q4_K_M.*Q8_0/))
    await assert.rejects(
      scene.pull("lab/tiny-GGUF", { pick: "Q8" }),
      refused("file_not_found", /"Q8"/, /Did you mean Q8_0/),
    )
    await assert.rejects(scene.pull("../etc"), refused("invalid_input", /OWNER\/NAME/))
    scene.hub.claims = () => ({ bytes: 1e15 })
    await assert.rejects(
      scene.pull("lab/large"),
      refused("disk_full", /it needs .* more on the server's disk/, /data rm/),
    )
    scene.hub.claims = () => ({})
    await scene.ended("lab/qwen")
    await assert.rejects(scene.pull("lab/qwen", {}, ada), refused("name_taken", /admin has data of that name/))
    const elsewhere = { hub: "http://127.0.0.1:64999" }
    await assert.rejects(
      scene.pull("lab/qwen", elsewhere, ada),
      refused("not_allowed", /this server fetches from/, /--hub URL/),
    )
    await assert.rejects(
      scene.pull("lab/qwen", { ...elsewhere, name: "x" }),
      refused("hub_unreachable", /ECONNREFUSED/),
    )
  })

  it("sees their own, and asks with their own secret, which is told nobody", async () => {
    await using scene = await HubScene.start()
    scene.hub.token = "hf_of_ada"
    const ada = await scene.server.userToken("ada")
    await assert.rejects(scene.pull("lab/qwen", {}, ada), refused("not_allowed", /HTTP 401/, /secret set HF_TOKEN/))
    await assert.rejects(scene.pull("lab/qwen", { secret: "MINE" }, ada), refused("secret_not_found", /no secret MINE/))
    await scene.server.call("PUT", "/v1/secrets/HF_TOKEN", { value: "hf_of_ada" }, { token: ada })
    const pull = await scene.ended("lab/qwen", {}, ada)
    assert.equal(pull.state, "done")
    assert.ok(scene.hub.asked.every(({ origin, token }) => origin === "hub" || token === null))
    const bob = await scene.server.userToken("bob")
    await assert.rejects(
      scene.server.call("GET", `/v1/pulls/${pull.id}`, undefined, { token: bob }),
      refused("pull_not_found", /./),
    )
    assert.deepEqual(await scene.server.call("GET", "/v1/pulls", undefined, { token: bob }), { pulls: [] })
    const events = JSON.stringify(await scene.server.call("GET", "/v1/events"))
    const stored = readFileSync(scene.server.folder.at("data/windfall.db"))
    for (const told of [events, JSON.stringify(pull), stored.toString("latin1"), scene.server.troubles.join()])
      assert.doesNotMatch(told, /hf_of_ada|signature/)
  })

  it("gets the lab's token for the lab's hub alone", async () => {
    await using scene = await HubScene.start()
    scene.server.folder.write({ token: "hf_of_the_lab\n" })
    scene.hub.token = "hf_of_the_lab"
    await using lab = await HubScene.start({
      hub: { url: new URL(scene.hub.url), tokenFile: scene.server.folder.at("token") },
    })
    assert.equal((await lab.ended("lab/qwen")).state, "done")
    await lab.ended("lab/qwen", { hub: lab.hub.url, name: "other" })
    assert.ok(lab.hub.asked.length > 0 && lab.hub.asked.every(({ token }) => token === null))
  })

  it("may ask twice, stop it, and be removed: nothing goes on then", async () => {
    await using scene = await HubScene.start({
      hub: { limits: { ...HUB_LIMITS, stallMs: 60_000, ranges: ONE_CONNECTION } },
    })
    scene.breaks(() => ({ stallAfter: 1_000_000 }))
    const ada = await scene.server.userToken("ada")
    const first = await scene.pull("lab/large", {}, ada)
    assert.equal((await scene.pull("lab/large", {}, ada)).id, first.id)
    const other = scene.pull("lab/qwen", { name: first.name }, ada)
    await assert.rejects(other, refused("wrong_state", /lab\/large comes under that name/))
    await scene.server.call("DELETE", "/v1/users/ada")
    await scene.server.running.core.ledger.change(() => {})
    const { pulls } = await scene.server.call<{ pulls: PullView[] }>("GET", "/v1/pulls")
    assert.deepEqual(pulls, [])
    await scene.server.stop()
    assert.deepEqual(scene.server.troubles, [])
  })
})
