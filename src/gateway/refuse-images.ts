import { badRequest } from "./gateway-problem.ts"
import { imageSize } from "./image-size.ts"
import { type JsonObject, objectOf } from "./json-object.ts"

/** All images of a request together, unpacked: 5,000 x 5,000. Packed they may be a few kilobytes, and each slot may have as many: ten times as much took llama.cpp 1.1 GB. */
export const MOST_PIXELS = 25_000_000
/** Pixels to a side. */
export const LONGEST_SIDE = 16_384

/**
 * Of what an engine is asked, in the shape that all dialects come down to: images are refused where the model sees none. Engines
 * differ in what they would do: refuse with an error of their own, or answer as if there were none.
 * @throws {GatewayProblem} bad_request
 */
export function refuseImages({ messages }: JsonObject, model: string): void {
  const image = imagesOf(messages)[0]
  if (image === undefined) return
  throw badRequest(
    `this model takes no images: \`${model}\` is served for texts only`,
    `messages[${image.message}].content`,
  )
}

/**
 * Of what an engine is asked, in the shape that all dialects come down to: images whose size is not known before they are unpacked are refused, and
 * those that take too much memory then.
 * @param list what the dialect calls its messages
 * @throws {GatewayProblem} bad_request
 */
export function refuseLargeImages({ messages }: JsonObject, list: string): void {
  let pixels = 0
  for (const { message, part, url } of imagesOf(messages)) {
    // Other dialects count their messages in another way.
    const at = list === "messages" ? `messages[${message}].content[${part}]` : list
    const size = typeof url === "string" ? imageSize(url) : undefined
    if (size === undefined)
      throw badRequest(
        "Images must be PNG, JPEG, GIF, WebP or BMP, whole and in base64: no width and height can be read from this one",
        at,
      )
    const { width, height } = size
    if (width > LONGEST_SIDE || height > LONGEST_SIDE)
      throw badRequest(`an image has ${width} x ${height} pixels: at most ${LONGEST_SIDE} to a side are taken`, at)
    pixels += width * height
    if (pixels > MOST_PIXELS)
      throw badRequest(
        `the images up to this one of ${width} x ${height} have ${pixels} pixels: at most ${MOST_PIXELS} (5000 x 5000) are taken in all images of a request together`,
        at,
      )
  }
}

/** With their indexes of messages and parts. */
function imagesOf(messages: unknown): { message: number; part: number; url: unknown }[] {
  if (!Array.isArray(messages)) return []
  return messages.flatMap((each: unknown, message) => {
    const { content } = objectOf(each) ?? {}
    if (!Array.isArray(content)) return []
    return content.flatMap((value: unknown, part) => {
      const { type, image_url: image } = objectOf(value) ?? {}
      return type === "image_url" ? [{ message, part, url: objectOf(image)?.url ?? image }] : []
    })
  })
}
