import assert from "node:assert/strict"
import { test } from "node:test"
import { GatewayScene } from "../../../test/support/gateway-scene.ts"
import { streamWords } from "../../../test/support/scripted-engine.ts"
import { userSeats } from "./user-seats.ts"

const POLICY = `
accounts:
  vision: { shares: 3, users: [ann, bob] }
  speech: { shares: 1, users: { cem: 2 } }
  signs: { parent: speech, shares: parent, users: { dov: 4 } }
  default: {}
default-account: default
`

test("users sit where the policy that holds has them, others in the account for all, and without a policy all are alike", async () => {
  await using scene = await GatewayScene.start()
  const { core } = scene.server.running
  const seats = (user: string) => userSeats(core, user).map(({ name, shares }) => `${name}:${shares}`)
  const [ann, bob] = [userSeats(core, "ann"), userSeats(core, "bob")]
  assert.deepEqual(
    ann.map(({ shares }) => shares),
    bob.map(({ shares }) => shares),
  )
  assert.deepEqual(ann.slice(0, -1), bob.slice(0, -1))
  await scene.server.call("POST", "/v1/policy", { text: POLICY, dryRun: false })
  assert.deepEqual(seats("ann"), ["vision:3", "vision/ann:1"])
  assert.deepEqual(seats("cem"), ["speech:1", "speech/cem:2"])
  assert.deepEqual(seats("dov"), ["speech:1", "speech/signs/dov:4"])
  assert.equal(seats("eve")[0]?.split(":")[0], "default")
})

test("who waits at a model is served by the shares of the policy", async () => {
  const asked: string[] = []
  await using scene = await GatewayScene.start({
    script: (each) => {
      asked.push((each.body.messages as [{ content: string }])[0].content)
      streamWords(each, ["x"])
    },
  })
  await scene.server.call("POST", "/v1/policy", { text: POLICY, dryRun: false })
  const keys = new Map<string, string>()
  for (const user of ["ann", "bob", "cem"]) {
    await scene.server.call("POST", "/v1/users", { name: user, role: "user" })
    keys.set(user, (await scene.makeKey({ user })).key)
  }
  const users = ["cem", "cem", "cem", "ann", "bob", "ann", "bob", "ann", "bob"]
  // A model that is not up is woken by each that comes to wait.
  const allWait = Promise.withResolvers<void>()
  let come = 0
  scene.serve([], { wake: () => ++come === users.length && allWait.resolve() })
  const answers = users.map((user) =>
    scene.chat({ messages: [{ role: "user", content: user }] }, { key: keys.get(user)! }),
  )
  await allWait.promise
  scene.serve([scene.engine.replica({ slots: 1 })])
  for (const answer of answers) assert.equal((await answer).status, 200)
  assert.equal(asked.slice(0, 4).filter((user) => user === "cem").length, 1, asked.join(" "))
  assert.deepEqual(asked.slice(0, 8).filter((user) => user === "ann").length, 3, asked.join(" "))
})
