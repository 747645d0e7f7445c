import assert from "node:assert/strict"
import { test } from "node:test"
import { deflateSync } from "node:zlib"
import { gifOfCodes, jpegOfScans } from "../../../test/support/folded-images.ts"
import { plainPng, pngOf } from "../../../test/support/plain-png.ts"
import { imageData } from "../../gateway/image-data.ts"
import { MOST_PLAIN_SCANS, MOST_SCANS } from "../../gateway/jpeg-scans.ts"
import { unpacksTo } from "./unpacks-to.ts"

const zeros = (count: number) => deflateSync(Buffer.alloc(count))
const dataOf = (bytes: Buffer, size: number, height = size) =>
  imageData(`data:image/png;base64,${bytes.toString("base64")}`, { width: size, height }, unpacksTo)

test("a PNG's packed data are unpacked up to what its size takes with any colours, in any pieces", async () => {
  assert.equal(await dataOf(plainPng(64, [255, 0, 0], [0, 0, 255]), 64), "fits")
  const deep = [16, 6, 0, 0, 1]
  assert.equal(await dataOf(pngOf(100, 100, [zeros(100 * 800 + 190)], deep), 100), "fits")
  const packed = zeros(100 * 802 + 4_097)
  assert.equal(await dataOf(pngOf(100, 100, [packed], deep), 100), "more")
  const pieces = Array.from(packed, (_, at) => packed.subarray(at, at + 1))
  assert.equal(await dataOf(pngOf(100, 100, pieces), 100), "more")
  assert.equal(await dataOf(pngOf(1, 1, [zeros(2 ** 26)]), 1), "more")
  assert.equal(await dataOf(pngOf(1, 1, [deflateSync(Buffer.alloc(2 ** 14), { level: 0 })]), 1), "more")
})

test("a PNG that unpacks to nothing that can be known is damaged", async () => {
  const png = plainPng(64, [255, 0, 0])
  assert.equal(await dataOf(png.subarray(0, -12), 64), "damaged")
  assert.equal(await dataOf(pngOf(64, 64, [zeros(64 * 193).subarray(0, -8)]), 64), "damaged")
  assert.equal(await dataOf(pngOf(64, 64, [Buffer.from("no packed data")]), 64), "damaged")
  const apples = Buffer.concat([
    png.subarray(0, 33),
    Buffer.from("\0\0\0\x04CgBI\0\0\0\0\0\0\0\0", "latin1"),
    png.subarray(33),
  ])
  assert.equal(await dataOf(apples, 64), "damaged")
  const text = png.toString("base64")
  for (const other of [`${text.slice(0, 80)}\n${text.slice(80)}`, `${text.slice(0, 80)}-${text.slice(81)}`])
    assert.equal(await imageData(`data:image/png;base64,${other}`, { width: 64, height: 64 }, unpacksTo), "damaged")
})

test("a JPEG has as many scans as one has: those of a preview and of what follows its end are not counted", async () => {
  assert.equal(await dataOf(jpegOfScans(64, MOST_SCANS), 64), "fits")
  assert.equal(await dataOf(jpegOfScans(64, MOST_SCANS + 1), 64), "more")
  assert.equal(await dataOf(jpegOfScans(64, MOST_PLAIN_SCANS, 0xc0), 64), "fits")
  assert.equal(await dataOf(jpegOfScans(64, MOST_PLAIN_SCANS + 1, 0xc0), 64), "more")
  assert.equal(await dataOf(Buffer.concat([jpegOfScans(64, 1), jpegOfScans(64, 200)]), 64), "fits")
  assert.equal(await dataOf(jpegOfScans(64, 1).subarray(0, -5), 64), "fits")
})

test("a GIF's codes write as many pixels as its size has, or about", async () => {
  // So many codes, each of one pixel more than the one before.
  assert.equal(await dataOf(gifOfCodes(64, 90), 64), "fits")
  assert.equal(await dataOf(gifOfCodes(64, 155), 64), "fits")
  assert.equal(await dataOf(gifOfCodes(64, 160), 64), "more")
  assert.equal(await dataOf(gifOfCodes(10, 20_000), 10), "more")
  assert.equal(await dataOf(gifOfCodes(64, 90).subarray(0, 60), 64), "fits")
  assert.equal(await dataOf(gifOfCodes(64, 90).subarray(0, 24), 64), "damaged")
})
