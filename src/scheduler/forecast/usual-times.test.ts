import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { usualTimes, usualTimesText } from "./usual-times.ts"

const week = (isUsual: (day: number, hour: number) => boolean) =>
  Array.from({ length: 168 }, (_, hour) => isUsual(Math.floor(hour / 24), hour % 24))

test("days that are alike are told together, in the words people have for them", () => {
  const text = (isUsual: (day: number, hour: number) => boolean) => usualTimesText(usualTimes(week(isUsual)))
  assert.equal(
    text((day, hour) => day < 5 && hour >= 9 && hour < 18),
    "weekdays 9:00 to 18:00",
  )
  assert.equal(
    text((day, hour) => (day === 1 || day === 3) && (hour < 2 || hour >= 20)),
    "Tue Thu 0:00 to 2:00, Tue Thu 20:00 to 24:00",
  )
  assert.equal(
    text((day) => day > 4),
    "weekends",
  )
  assert.equal(
    text(() => true),
    "every day",
  )
  assert.equal(
    text(() => false),
    null,
  )
})

test("every usual hour is in one of the times, and no other", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 168, maxLength: 168 }), (hours) => {
      const covered = week(() => false)
      for (const { days, fromHour, toHour } of usualTimes(hours))
        for (const day of days) for (let hour = fromHour; hour < toHour; hour++) covered[day * 24 + hour] = true
      assert.deepEqual(covered, hours)
    }),
  )
})
