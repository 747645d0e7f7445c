/**
 * The circles of a graph of names, each once, beginning with the one of its names that stands first. Names that are not among `nodes` lead
 * nowhere. Every node of a circle is in one that is told; not every circle is told where they touch.
 */
export function circlesOf<T extends { readonly name: string }>(
  nodes: readonly T[],
  next: (node: T) => readonly string[],
): readonly (readonly [string, ...string[]])[] {
  const byName = new Map(nodes.map((node) => [node.name, node]))
  const circles: [string, ...string[]][] = []
  const done = new Set<string>()
  for (const start of nodes) {
    // By hand, not by recursion: a file may hold a chain of 10,000 accounts.
    const way: { readonly name: string; readonly rest: string[] }[] = []
    const enter = (name: string) => {
      const node = byName.get(name)
      if (node !== undefined && !done.has(name)) way.push({ name, rest: [...next(node)] })
    }
    enter(start.name)
    while (way.length > 0) {
      const here = way.at(-1)!
      const name = here.rest.shift()
      if (name === undefined) {
        done.add(here.name)
        way.pop()
        continue
      }
      const at = way.findIndex((one) => one.name === name)
      if (at === -1) enter(name)
      else circles.push([name, ...way.slice(at + 1).map((one) => one.name)])
    }
  }
  return circles
}
