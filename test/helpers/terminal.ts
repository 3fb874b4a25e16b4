const ESCAPE = '\u001b'
const CONTROL = new RegExp(`${ESCAPE}\\[([?\\d;]*[A-Za-z])`, 'u')
const PIECES = new RegExp(`${CONTROL.source}|[^]`, 'gu')

/** As much of a terminal as is needed to see what stands on it. It never scrolls: line 0 is the first that was written. */
export class Terminal {
  #lines: string[][] = [[]]
  #row = 0
  #column = 0
  /** The start of an escape sequence whose end has not come yet. */
  #cut = ''
  cursorShown = true

  write(text: string): void {
    const all = this.#cut + text
    const last = all.lastIndexOf(ESCAPE)
    const whole = last === -1 || CONTROL.test(all.slice(last)) ? all.length : last
    this.#cut = all.slice(whole)
    for (const [piece, csi] of all.slice(0, whole).matchAll(PIECES)) {
      if (csi !== undefined) this.#control(csi)
      else if (piece === '\n') this.#move(1)
      else if (piece === '\r') this.#column = 0
      else this.#put(piece)
    }
  }

  /** What is seen, without the blank ends of lines. */
  get lines(): string[] {
    return this.#lines.map((line) =>
      Array.from(line, (cell) => cell ?? ' ')
        .join('')
        .trimEnd(),
    )
  }

  #put(character: string) {
    const line = this.#lines[this.#row] as string[]
    line[this.#column++] = character
  }

  #move(rows: number) {
    this.#row = Math.max(0, this.#row + rows)
    while (this.#lines.length <= this.#row) this.#lines.push([])
  }

  #control(csi: string) {
    const count = Number(csi.slice(0, -1)) || 1
    switch (csi.at(-1)) {
      case 'A':
        return this.#move(-count)
      case 'B':
        return this.#move(count)
      case 'G':
        this.#column = count - 1
        return
      case 'K':
        this.#lines[this.#row] = csi === '2K' ? [] : (this.#lines[this.#row] as string[]).slice(0, this.#column)
        return
      case 'J':
        this.#lines = this.#lines.slice(0, this.#row + 1)
        this.#lines[this.#row] = (this.#lines[this.#row] as string[]).slice(0, this.#column)
        return
      case 'h':
      case 'l':
        if (csi.startsWith('?25')) this.cursorShown = csi.endsWith('h')
        return
      case 'm':
        return
      default:
        throw new Error(`the terminal of these tests does not know ${JSON.stringify(csi)}`)
    }
  }
}
