import { styleText } from 'node:util'
import type { Scenario } from '../scenario/scenario.ts'
import { printable } from './layout.ts'
import { masker, secretValues } from './mask.ts'

/** What the terminal can show. */
export interface Look {
  color: boolean
  /** Cells in a line. */
  width: number
  /** Whether it has the characters that bars are made of; not where that is left out. */
  plots?: boolean
}

export type Style = Parameters<typeof styleText>[0]

/** What the sections of a summary are written on. */
export interface Paper {
  color: boolean
  width: number
  plots: boolean
  /** Styles text that is laid out already: escape sequences have no width, padding must come first. */
  paint(style: Style, text: string): string
  /** Foreign text made safe to show: on one line, without escape sequences, without the scenario's secrets. */
  say(text: string): string
}

/** Longer lines are hard to read back from their end. */
const WIDEST = 120
const NARROWEST = 40

export function painter(color: boolean): Paper['paint'] {
  return color ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text
}

export function paper(look: Look, scenario: Scenario): Paper {
  const mask = masker(secretValues(scenario))
  return {
    color: look.color,
    width: Math.min(WIDEST, Math.max(NARROWEST, look.width)),
    plots: look.plots === true,
    paint: painter(look.color),
    say: (text) => printable(mask(text)),
  }
}
