import { MOST_IMAGES, MOST_PIXELS } from "../protocol/image-limits.ts"
import { badRequest } from "./gateway-problem.ts"
import { imageData } from "./image-data.ts"
import { type ImageSize, imageSize } from "./image-size.ts"
import { type JsonObject, objectOf } from "./json-object.ts"
import type { Unpack } from "./png-data.ts"

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
 * Of what an engine is asked, in the shape that all dialects come down to: images whose size is not known before they are unpacked are refused,
 * those that take too much memory then, and those whose data come to more than their size.
 * @param list what the dialect calls its messages
 * @throws {GatewayProblem} bad_request
 */
export async function refuseLargeImages({ messages }: JsonObject, list: string, unpack: Unpack): Promise<void> {
  // Other dialects count their messages in another way.
  const images = imagesOf(messages).map(({ message, part, url }) => ({
    at: list === "messages" ? `messages[${message}].content[${part}]` : list,
    url: typeof url === "string" ? url : "",
  }))
  if (images.length > MOST_IMAGES)
    throw badRequest(`'${list}' has ${images.length} images: at most ${MOST_IMAGES} are taken`, list)
  let pixels = 0
  const sized = images.map(({ at, url }) => {
    const size = sizeOf(url, at)
    pixels += size.width * size.height
    if (pixels > MOST_PIXELS)
      throw badRequest(
        `the images up to this one of ${size.width} x ${size.height} have ${pixels} pixels: at most ${MOST_PIXELS} (5000 x 5000) are taken in all images of a request together`,
        at,
      )
    return { at, url, size }
  })
  for (const { at, url, size } of sized) {
    const data = await imageData(url, size, unpack)
    const image = `an image of ${size.width} x ${size.height} pixels`
    if (data === "damaged") throw badRequest(`${image} is damaged: its data cannot be read`, at)
    if (data === "more")
      throw badRequest(`${image} has more data than so many pixels have: an engine would unpack all of them`, at)
  }
}

function sizeOf(url: string, at: string): ImageSize {
  const size = imageSize(url)
  if (size === undefined)
    throw badRequest(
      "Images must be PNG, JPEG, GIF or BMP, whole and in base64: no width and height can be read from this one",
      at,
    )
  const { width, height } = size
  if (width > LONGEST_SIDE || height > LONGEST_SIDE)
    throw badRequest(`an image has ${width} x ${height} pixels: at most ${LONGEST_SIDE} to a side are taken`, at)
  return size
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
