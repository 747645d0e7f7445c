import type { QueueJob, QueueScene } from "./queue-scene.ts"

/** Something of which a job asks for more than the whole pool has. */
export interface LackingPieces {
  readonly name: string
  readonly asked: number
  readonly has: number
}

/** By name. */
export function lackingPieces(
  { pieces }: Pick<QueueScene, "pieces">,
  job: Pick<QueueJob, "pieces">,
): readonly LackingPieces[] {
  return Object.entries(job.pieces)
    .map(([name, asked]) => ({ name, asked, has: Object.hasOwn(pieces, name) ? pieces[name]! : 0 }))
    .filter(({ asked, has }) => asked > has)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** "the pool has no matlab; the pool has 1 spice, 2 asked". */
export function lackingText(lacking: readonly LackingPieces[]): string {
  return lacking
    .map(({ name, asked, has }) =>
      has === 0 ? `the pool has no ${name}` : `the pool has ${has} ${name}, ${asked} asked`,
    )
    .join("; ")
}
