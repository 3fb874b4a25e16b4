/** No text of a log holds it. */
const SEPARATOR = '\u0000'

/**
 * What many things have in common, kept once: a thousand answers of one replica differ in their times alone.
 * A shape is a flat object; what stands in it by reference (a body) is told apart by reference, lists of texts by
 * what is in them. All shapes of one collection have their keys in one order.
 */
export class Shapes<Shape extends object> {
  readonly #numbers = new Map<string, number>()
  readonly #shapes: Shape[] = []
  readonly #references = new Map<object, number>()

  /** The number of an equal shape, which is the first that was seen of its kind. */
  numberOf(shape: Shape): number {
    const key = this.#keyOf(shape)
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    this.#numbers.set(key, this.#shapes.length)
    return this.#shapes.push(shape) - 1
  }

  at(number: number): Shape {
    return this.#shapes[number] as Shape
  }

  #keyOf(shape: Shape): string {
    let key = ''
    for (const name in shape) key += SEPARATOR + this.#partOf(shape[name])
    return key
  }

  /** Told apart by its first letter, so that the text "null" is not null. */
  #partOf(value: unknown): string {
    if (typeof value === 'string') return `"${value}`
    if (typeof value !== 'object' || value === null) return String(value)
    if (Array.isArray(value)) return `[${value.length}:${value.join(SEPARATOR)}`
    let reference = this.#references.get(value)
    if (reference === undefined) {
      reference = this.#references.size
      this.#references.set(value, reference)
    }
    return `#${reference}`
  }
}
