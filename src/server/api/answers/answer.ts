import * as z from "zod"

/** The names that shapes of answers have in the OpenAPI document. */
export const ANSWERS: z.core.$ZodRegistry<{ readonly id: string }> = z.registry<{ readonly id: string }>()

/** Names a shape of what the server answers; `about` is one line. */
export function answer<const Shape extends z.ZodType>(id: string, about: string, shape: Shape): Shape {
  const described = shape.describe(about)
  ANSWERS.add(described, { id })
  return described
}

/** Whole and not negative. */
export const count = z.int().min(0)
export const time = z.int().describe("Milliseconds since 1970 by the server's clock")
export const hash = z.string().describe("A sha256 in lower-case hex")

/** What a route answers that has done what was asked, and has nothing to tell. */
export const nothing = answer("Nothing", "It is done, and there is nothing to tell", z.object({}))

type Frozen<T> = T extends readonly (infer Each)[]
  ? readonly Frozen<Each>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T
type KeyOf<T> = T extends unknown ? keyof T : never

/**
 * `true` where the schema describes the type: every value of the type is one of the schema, and both have the same fields.
 * Else `never`, so that what drifted apart fails to compile.
 */
export type Describes<Schema extends z.ZodType, View> = [View] extends [Frozen<z.output<Schema>>]
  ? [KeyOf<z.output<Schema>>, KeyOf<View>] extends [KeyOf<View>, KeyOf<z.output<Schema>>]
    ? true
    : never
  : never
