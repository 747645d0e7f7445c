import assert from "node:assert/strict"
import { test } from "node:test"
import { plainPng } from "../../test/support/plain-png.ts"
import { MOST_IMAGES } from "../protocol/image-limits.ts"
import { imageSize } from "./image-size.ts"
import { LONGEST_SIDE, refuseLargeImages } from "./refuse-images.ts"

const unpack = () => Promise.resolve("fits" as const)
const urlOf = (bytes: Buffer, media = "png") => `data:image/${media};base64,${bytes.toString("base64")}`
const sizeOf = (...pieces: readonly (string | readonly number[])[]) =>
  imageSize(
    urlOf(
      Buffer.concat(pieces.map((each) => (typeof each === "string" ? Buffer.from(each, "latin1") : Buffer.from(each)))),
    ),
  )
const zeros = (count: number) => new Array<number>(count).fill(0)
/** A small PNG, and another size in its header. */
function png(width: number, height: number): Buffer {
  const bytes = plainPng(1)
  bytes.writeUInt32BE(width, 16)
  bytes.writeUInt32BE(height, 20)
  return bytes
}
const request = (...images: readonly string[]) => ({
  messages: [
    { role: "system", content: "Look." },
    {
      role: "user",
      content: [{ type: "text", text: "?" }, ...images.map((url) => ({ type: "image_url", image_url: { url } }))],
    },
  ],
})
const refuses = (images: readonly string[], message: RegExp, param: string, list = "messages") =>
  assert.rejects(refuseLargeImages(request(...images), list, unpack), { kind: "bad_request", param, message })

test("a size is read from the header of each kind, whatever the media type says", () => {
  const size = { width: 0x123, height: 0x45 }
  assert.deepEqual(imageSize(urlOf(plainPng(7), "jpeg")), { width: 7, height: 7 })
  assert.deepEqual(sizeOf("GIF87a", [0x23, 1, 0x45, 0]), size)
  assert.deepEqual(sizeOf("GIF89a", [0x23, 1, 0x45, 0]), size)
  assert.deepEqual(sizeOf("BM", zeros(12), [40, 0, 0, 0, 0x23, 1, 0, 0, 0x45, 0, 0, 0]), size)
  assert.deepEqual(sizeOf("BM", zeros(12), [40, 0, 0, 0, 0x23, 1, 0, 0, 0xbb, 255, 255, 255]), size)
  assert.deepEqual(sizeOf("BM", zeros(12), [12, 0, 0, 0, 0x23, 1, 0x45, 0]), size)
})

test("a JPEG's size comes after any segments, long ones and such as have one of their own in them", () => {
  const size = { width: 0x123, height: 0x45 }
  const frame = (kind: number) => [0xff, kind, 0, 17, 8, 0, 0x45, 1, 0x23, 3]
  const preview = [0xff, 0xe1, 0, 14, 0xff, 0xd8, ...frame(0xc0).with(6, 9)]
  for (const kind of [0xc0, 0xc1, 0xc2, 0xc9]) assert.deepEqual(sizeOf([0xff, 0xd8], frame(kind)), size)
  const tables = [0xff, 0xc4, 0, 4, 1, 1]
  assert.deepEqual(sizeOf([0xff, 0xd8], preview, tables, [0, 0, 0xff, 0, 0xff, 0xd0, 0xff], frame(0xc2)), size)
  const long = [0xff, 0xe2, 0xff, 0xff, ...zeros(0xfffd)]
  assert.deepEqual(sizeOf([0xff, 0xd8], preview, long, long, long, frame(0xc0)), size)
  for (const cut of [[], [0xff, 0xda, 0, 2], [0xff, 0xd9], [0xff, 0xe0, 0, 0], [0xff], frame(0xc0).slice(0, 8)])
    assert.equal(sizeOf([0xff, 0xd8], cut, cut.length === 8 ? [] : [0xff, 0xd9], []), undefined, String(cut))
})

test("what is no such image, or has no size, is refused, also what is not in base64 all through its header", async () => {
  const beginning = (text: string) => urlOf(Buffer.from(text.padEnd(64, "\0"), "latin1"))
  const others = [
    "8BPS",
    "#?RADIANCE",
    "P6 99999 99999 255 ",
    "S\x80\xf64",
    "\0\0\x02",
    "RIFF\0\0\0\0WAVEfmt ",
    "RIFF\0\0\0\0WEBPVP8X",
    "GIF88a",
    "",
    "BM",
  ]
  for (const other of [
    ...others.map(beginning),
    urlOf(png(0, 5)),
    urlOf(png(5, 5).subarray(0, 22)),
    "data:image/png;base64,",
  ])
    await refuses([urlOf(png(5, 5)), other], /^Images must be PNG, JPEG, GIF or BMP/, "messages[1].content[2]")
  await refuses([urlOf(png(5, 5)).replace("base64,", "base64,-")], /^Images must be/, "messages[1].content[1]")
})

test("all images of a request together have as many pixels as one of 5,000 by 5,000, and no side is longer than 16,384", async () => {
  const passes = (...images: readonly Buffer[]) =>
    refuseLargeImages(request(...images.map((each) => urlOf(each))), "messages", unpack)
  await passes()
  await passes(png(5_000, 5_000))
  await passes(png(LONGEST_SIDE, 1_500))
  await passes(png(2_500, 2_500), png(2_500, 2_500), png(2_500, 5_000))
  await refuses(
    [urlOf(png(5_000, 5_001))],
    /5000 x 5001 have 25005000 pixels: at most 25000000/,
    "messages[1].content[1]",
  )
  await refuses(
    [urlOf(png(LONGEST_SIDE + 1, 1))],
    /16385 x 1 pixels: at most 16384 to a side/,
    "messages[1].content[1]",
  )
  await refuses([urlOf(png(1, LONGEST_SIDE + 1))], /1 x 16385 pixels/, "input", "input")
  const quarters = [1, 2, 3, 4, 5].map(() => urlOf(png(2_500, 2_500)))
  await refuses(quarters, /have 31250000 pixels/, "messages[1].content[5]")
})

test("a request has as many images as are taken, however small they are", async () => {
  const images = Array.from({ length: MOST_IMAGES }, () => urlOf(png(1, 1)))
  await refuseLargeImages(request(...images), "messages", unpack)
  await refuses([...images, images[0]!], /'messages' has 33 images: at most 32 are taken/, "messages")
})
