import { known, type Reading, unknown } from "./fact.ts"
import type { FactSheet } from "./fact-sheet.ts"
import { readDecimal, readWhole, shorten } from "./numbers.ts"

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

export function monthOf(name: string): number | null {
  const month = MONTHS.indexOf(name)
  return month < 0 ? null : month
}

const QUARTER_MS = 15 * 60_000
const FARTHEST_MS = 14 * 60 * 60_000

/**
 * `kern.boottime`: `{ sec = 1606436959, usec = 440093 } Fri Nov 27 09:29:19 2020` (sysctl(8)). The date is of the host's time
 * zone; it must be a whole number of quarters of an hour away from the seconds, which tells a damaged number.
 */
export function readBootTime(text: string): Reading<number> {
  const form =
    /^\{ sec = (\d+), usec = (\d{1,6}) \} (Sun|Mon|Tue|Wed|Thu|Fri|Sat) ([A-Z][a-z]{2}) ([ 123]?\d) (\d\d):(\d\d):(\d\d) (\d{4})$/
  const match = form.exec(text)
  if (match === null) return unknown("garbage", `"${shorten(text)}" is no time of boot`)
  const [, sec = "", , , month = "", day, hours, minutes, seconds, year] = match
  const bootMs = readWhole(sec, 1_000_000_000, 10_000_000_000)
  if (!bootMs.known) return bootMs
  const local = Date.UTC(
    Number(year),
    monthOf(month) ?? -100,
    Number(day),
    Number(hours),
    Number(minutes),
    Number(seconds),
  )
  const offsetMs = local - bootMs.value * 1000
  if (offsetMs % QUARTER_MS !== 0 || Math.abs(offsetMs) > FARTHEST_MS) {
    return unknown("contradictory", `the seconds ${sec} and the date after them are not the same moment`)
  }
  return known(bootMs.value * 1000)
}

/**
 * `vm.swapusage`: `total = 3072.00M  used = 2513.50M  free = 558.50M  (encrypted)`, in some locales with decimal commas. Total is
 * used and free, which tells a damaged number.
 */
export function readSwap(sheet: FactSheet, text: string): void {
  const match = /^total = ([\d.,]+)M {2}used = ([\d.,]+)M {2}free = ([\d.,]+)M( {2}\(encrypted\))?$/.exec(text)
  const names = ["swapTotalBytes", "swapUsedBytes"] as const
  const all = match?.slice(1, 4).map((amount) => readDecimal(amount.replace(",", "."), 0, 1e8))
  const [total, used, free] = all?.map((amount) => (amount.known ? amount.value : undefined)) ?? []
  for (const name of names) {
    if (total === undefined || used === undefined || free === undefined) {
      sheet.unknown(name, "garbage", `"${shorten(text)}" is no use of swap`, "vm.swapusage")
    } else if (!(Math.abs(total - used - free) < 0.015)) {
      sheet.unknown(name, "contradictory", "total is not used and free together", "vm.swapusage")
    } else {
      sheet.known(name, Math.round((name === "swapTotalBytes" ? total : used) * 1024 ** 2), "vm.swapusage")
    }
  }
}

/** `vm.loadavg`: `{ 2.57 2.41 2.24 }`, in some locales with a decimal comma. */
export function readLoad(text: string): Reading<readonly number[]> {
  const match = /^\{ (\d+[.,]\d\d) (\d+[.,]\d\d) (\d+[.,]\d\d) \}$/.exec(text)
  if (match === null) return unknown("garbage", `"${shorten(text)}" are no three loads`)
  const loads = match.slice(1).map((load) => readDecimal(load.replace(",", "."), 0, 100_000))
  const bad = loads.find((load) => !load.known)
  return bad !== undefined && !bad.known
    ? unknown(bad.reason, bad.detail)
    : known(loads.map((load) => (load.known ? load.value : 0)))
}
