import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { FairQueue, type Seat } from "./fair-queue.ts"

test("while all wait, what users get differs by no more than one turn of each, by their shares", () => {
  const amounts = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 30, maxLength: 60 })
  fc.assert(
    fc.property(amounts, fc.integer({ min: 1, max: 4 }), (costs, shares) => {
      const sharesOf = (user: string) => (user === "eve" ? shares : 1)
      const seatsOf = (user: string) => [{ name: user, shares: sharesOf(user) }]
      const queue = new FairQueue<string>({ most: 1_000, mostOfOne: 1_000 }, seatsOf)
      const users = ["ada", "bob", "eve"]
      for (const user of users) for (const _ of costs) queue.add(user, user)
      const had = new Map(users.map((user) => [user, 0]))
      for (const cost of costs) {
        const user = queue.take()!
        queue.charge(user, cost)
        had.set(user, had.get(user)! + cost / sharesOf(user))
      }
      const all = [...had.values()]
      assert.ok(Math.max(...all) - Math.min(...all) <= 100)
    }),
  )
})

test("nobody saves up turns by staying away", () => {
  const queue = new FairQueue<string>({ most: 100, mostOfOne: 100 })
  for (let turn = 0; turn < 50; turn++) {
    queue.add("ada", "ada")
    queue.take()
    queue.charge("ada", 10)
  }
  for (let each = 0; each < 10; each++) for (const user of ["ada", "bob"]) queue.add(user, user)
  const order = Array.from({ length: 10 }, () => {
    const user = queue.take()!
    queue.charge(user, 10)
    return user
  })
  assert.ok(order.filter((user) => user === "ada").length >= 4, order.join(" "))
})

test("it is bounded, in all and for each user, and who leaves makes room", () => {
  const queue = new FairQueue<number>({ most: 3, mostOfOne: 2 })
  const leave = queue.add("ada", 1)
  assert.ok(queue.add("ada", 2))
  assert.equal(queue.add("ada", 3), undefined)
  assert.ok(queue.add("bob", 4))
  assert.equal(queue.add("eve", 5), undefined)
  leave?.()
  leave?.()
  assert.equal(queue.size, 2)
  assert.ok(queue.add("eve", 5))
  assert.deepEqual([queue.take((item) => item > 4), queue.take((item) => item > 4)], [5, undefined])
})

test("on each level of the tree what those get who wait differs by no more than one turn of each, by their shares", () => {
  const amounts = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 30, maxLength: 60 })
  const shares = fc.integer({ min: 1, max: 4 })
  const accounts = fc.array(fc.tuple(shares, fc.array(shares, { minLength: 1, maxLength: 4 })), {
    minLength: 1,
    maxLength: 4,
  })
  fc.assert(
    fc.property(amounts, accounts, (costs, tree) => {
      const seats = new Map<string, readonly Seat[]>()
      for (const [account, [ofAccount, users]] of tree.entries())
        for (const [user, ofUser] of users.entries())
          seats.set(`${account}/${user}`, [
            { name: `${account}`, shares: ofAccount },
            { name: `${account}/${user}`, shares: ofUser },
          ])
      const queue = new FairQueue<string>({ most: 10_000, mostOfOne: 1_000 }, (user) => seats.get(user)!)
      for (const user of seats.keys()) for (const _ of costs) queue.add(user, user)
      const had = new Map<string, number>()
      for (const cost of costs) {
        const user = queue.take()!
        queue.charge(user, cost)
        for (const { name, shares } of seats.get(user)!) had.set(name, (had.get(name) ?? 0) + cost / shares)
      }
      for (const above of ["", ...tree.map((_, account) => `${account}/`)]) {
        const beside = new Set([...seats.values()].map((each) => each[above === "" ? 0 : 1]!.name))
        const all = [...beside].filter((name) => name.startsWith(above)).map((name) => had.get(name) ?? 0)
        assert.ok(Math.max(...all) - Math.min(...all) <= 100)
      }
    }),
  )
})
