import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { BOOK, factsOf, NOW, STUDIO, shownHost } from "../../../test/support/shown-hosts.ts"
import type { HostNetwork } from "../../protocol/network.ts"
import { liveFleet } from "./live-fleet.ts"
import { Ways } from "./way.ts"

const GIB = 1024 ** 3
const wired = (...peers: string[]): HostNetwork => ({ kind: "ethernet", mbps: 10_000, interface: "en0", peers })

describe("the hosts of a pool as a fleet", () => {
  it("have the budget that jobs and Metal leave, or what is free just now", () => {
    const facts = factsOf(STUDIO, { gpuMemoryBytes: 384 * GIB })
    const free = { memoryBytes: 100 * GIB, gpus: 1, cores: 8 }
    const views = [
      shownHost("a", { facts }),
      shownHost("b", { facts, free }),
      shownHost("c", { facts, free, freeNowBytes: 60 * GIB }),
    ]
    const budgets = (onlyFree: boolean) => liveFleet(views, onlyFree).hosts.map(({ budgetBytes }) => budgetBytes / GIB)
    assert.deepEqual(budgets(false), [384, 384, 384])
    assert.deepEqual(budgets(true), [384, 100, 60])
    assert.deepEqual(liveFleet(views, false).hosts[0]!.bandwidthGbPerS, 819)
  })

  it("are left out when they are down, leave, or take no jobs of yours; not when they sleep or are busy", () => {
    const views = [
      shownHost("asleep", { link: "asleep", jobs: [7] }),
      shownHost("down", { link: "down", reason: "no route to host" }),
      shownHost("new", { facts: null, link: "connecting" }),
      shownHost("drained", { draining: true }),
      shownHost("private", { takesYours: false }),
      shownHost("leaving", { leaving: { phase: "ending", by: "ada", since: NOW } }),
    ]
    assert.deepEqual(
      liveFleet(views, false)
        .hosts.filter(({ excluded }) => excluded === null)
        .map(({ name }) => name),
      ["asleep"],
    )
  })

  it("have cables where both ends name each other's model and nobody else could be meant", () => {
    const studio = factsOf(STUDIO)
    const book = factsOf(BOOK)
    const views = [
      shownHost("studio", { facts: studio, network: wired("Mac17,6") }),
      shownHost("book", { facts: book, network: wired("Mac15,14") }),
    ]
    assert.deepEqual(
      liveFleet(views, false).hosts.map(({ cables }) => cables),
      [["book"], ["studio"]],
    )
    const more = [...views, shownHost("other", { facts: book, network: wired("Mac15,14") })]
    assert.deepEqual(liveFleet(more, false).hosts[0]!.cables, [])
  })

  it("have the speed between them that was measured", () => {
    const at = { roundTripMs: 0.4, at: NOW }
    const views = [
      shownHost("a", {
        network: wired(),
        measures: [
          { with: "b", toMbps: 800, fromMbps: 900, ...at },
          { with: "server", toMbps: 1, fromMbps: 1, ...at },
        ],
      }),
      shownHost("b", { network: wired(), measures: [{ with: "a", toMbps: 900, fromMbps: 800, ...at }] }),
    ]
    const fleet = liveFleet(views, false)
    assert.equal(fleet.links.length, 1)
    const [a, b] = fleet.hosts
    assert.deepEqual(new Ways(fleet).between(a!, b!), {
      kind: "ethernet",
      mbps: 800,
      roundTripMs: 0.4,
      isMeasured: true,
    })
  })
})
