import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { NETWORK_KINDS } from "../../protocol/network.ts"
import { chooseHosts } from "../calendar/choose-hosts.ts"
import { HostSet } from "../calendar/host-set.ts"
import { chooseLinked, type Links } from "./choose-linked.ts"
import { areAllCabled, isWorse, type LinkedHost, levelOf, linkText, setLink } from "./set-link.ts"

const MODELS = ["Mac15,14", "Mac16,11", "Mac14,13"] as const
const host: fc.Arbitrary<LinkedHost | undefined> = fc.option(
  fc.record({
    kind: fc.constantFrom(...NETWORK_KINDS),
    mbps: fc.constantFrom(null, 100, 1_000, 2_500, 10_000),
    model: fc.constantFrom(null, ...MODELS),
    peers: fc.array(fc.constantFrom(...MODELS), { maxLength: 4 }),
  }),
  { nil: undefined, freq: 6 },
)
const scene = fc
  .array(fc.record({ host, weight: fc.integer({ min: 1, max: 3 }), free: fc.boolean() }), {
    minLength: 2,
    maxLength: 7,
  })
  .chain((all) =>
    fc.record({
      all: fc.constant(all),
      count: fc.integer({ min: 2, max: all.length }),
      speeds: fc.array(fc.constantFrom(null, null, 90, 900, 9_000, 36_000), { minLength: 49, maxLength: 49 }),
    }),
  )

function linksOf(hosts: readonly (LinkedHost | undefined)[], speeds: readonly (number | null)[]): Links {
  return { hosts, measured: (a, b) => speeds[Math.min(a, b) * 7 + Math.max(a, b)] ?? null }
}

function setsOf(places: readonly number[], count: number): number[][] {
  if (count === 0) return [[]]
  return places.flatMap((place, at) => setsOf(places.slice(at + 1), count - 1).map((rest) => [place, ...rest]))
}

/** The lightest host of each decides, then the next. */
function isLighter(a: readonly number[], b: readonly number[], weights: readonly number[]): boolean {
  const [ofA, ofB] = [a, b].map((set) => set.map((place) => weights[place]!).sort((x, y) => x - y))
  const at = ofA!.findIndex((weight, index) => weight !== ofB![index])
  return at !== -1 && ofA![at]! < ofB![at]!
}

test("chooseLinked() takes hosts that have room, as many as asked for, and no other set is linked better, or as well and lighter", () => {
  fc.assert(
    fc.property(scene, ({ all, count, speeds }) => {
      const links = linksOf(
        all.map((one) => one.host),
        speeds,
      )
      const free = all.flatMap(({ free }, place) => (free ? place : []))
      const weights = all.map(({ weight }) => weight)
      const chosen = chooseLinked(HostSet.of(all.length, free), count, weights, links)
      if (free.length < count) {
        assert.equal(chosen, null)
        return
      }
      const levelIn = (set: readonly number[]) =>
        levelOf(
          setLink(
            set.map((place) => links.hosts[place]),
            (a, b) => links.measured(set[a]!, set[b]!),
          ),
        )
      assert.ok(chosen !== null && chosen.length === count && new Set(chosen).size === count)
      assert.ok(chosen.every((place) => free.includes(place)))
      assert.deepEqual(
        [...chosen].sort((a, b) => a - b),
        chosen,
      )
      if (free.some((place) => links.hosts[place] !== undefined)) {
        for (const other of setsOf(free, count)) {
          assert.ok(!isWorse(levelIn(chosen), levelIn(other)), `${chosen} ${other}`)
          if (!isWorse(levelIn(other), levelIn(chosen)))
            assert.ok(!isLighter(other, chosen, weights), `${chosen} ${other}`)
        }
      } else assert.deepEqual(chosen, chooseHosts(HostSet.of(all.length, free), count, weights))
    }),
    { numRuns: 2_000 },
  )
})

test("what is cabled over Thunderbolt is so in each part of it", () => {
  fc.assert(
    fc.property(fc.array(host, { minLength: 3, maxLength: 5 }), (hosts) => {
      if (!areAllCabled(hosts)) return
      for (const left of hosts.keys()) assert.ok(areAllCabled(hosts.filter((_, at) => at !== left)))
    }),
    { numRuns: 5_000 },
  )
})

const STUDIO = MODELS[0]
const cabled = (times: number): LinkedHost => ({
  kind: "ethernet",
  mbps: 1_000,
  model: STUDIO,
  peers: Array.from({ length: times }, () => STUDIO),
})
const wired = (mbps: number): LinkedHost => ({ kind: "ethernet", mbps, model: "Mac16,11", peers: [] })
const WIFI: LinkedHost = { kind: "wifi", mbps: 1_200, model: "Mac14,13", peers: [] }

function chosenOf(hosts: readonly LinkedHost[], count: number): readonly number[] | null {
  const all = HostSet.of(hosts.length, hosts.keys())
  return chooseLinked(
    all,
    count,
    hosts.map(() => 1),
    linksOf(hosts, []),
  )
}

test("Thunderbolt between all comes before 10 GbE, that before 1 GbE, and any cable before Wi-Fi", () => {
  const hosts = [WIFI, wired(1_000), wired(10_000), wired(10_000), cabled(2), cabled(2), cabled(2), WIFI]
  assert.deepEqual(chosenOf(hosts, 3), [4, 5, 6])
  assert.deepEqual(chosenOf(hosts.slice(0, 6), 2), [4, 5])
  assert.deepEqual(chosenOf(hosts.slice(0, 5), 2), [2, 3])
  assert.deepEqual(chosenOf(hosts.slice(0, 5), 3), [1, 2, 3])
  assert.deepEqual(chosenOf(hosts, 6), [1, 2, 3, 4, 5, 6])
})

test("two Macs of a model that see one of it are no three", () => {
  assert.equal(areAllCabled([cabled(1), cabled(1)]), true)
  assert.equal(areAllCabled([cabled(1), cabled(1), cabled(1)]), false)
})

test("what links a set is said in words", () => {
  const none = () => null
  assert.equal(linkText(setLink([cabled(1), cabled(1)], none)), "Thunderbolt between all")
  assert.equal(linkText(setLink([wired(10_000), wired(1_000)], none)), "wired, about 940 Mbit/s")
  assert.equal(linkText(setLink([wired(10_000), wired(1_000)], () => 9_300)), "wired, about 9.3 Gbit/s")
  assert.equal(linkText(setLink([wired(10_000), WIFI], none)), "over Wi-Fi, about 600 Mbit/s")
})
