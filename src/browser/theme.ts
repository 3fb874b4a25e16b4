import { h } from './dom.ts'

type Theme = 'light' | 'dark'

const dark = matchMedia('(prefers-color-scheme: dark)')
let chosen: Theme | undefined
const listeners = new Set<() => void>()

const current = (): Theme => chosen ?? (dark.matches ? 'dark' : 'light')

function apply(): void {
  document.documentElement.dataset.theme = current()
  for (const listener of listeners) listener()
}

/** Follows the system until the reader chooses. */
export function themeButton(): HTMLElement {
  const button = h('button', { type: 'button', click: () => toggle() })
  const label = () => {
    button.textContent = current() === 'dark' ? 'Light' : 'Dark'
    button.setAttribute('aria-label', `Show in ${current() === 'dark' ? 'light' : 'dark'} colours`)
  }
  const toggle = () => {
    chosen = current() === 'dark' ? 'light' : 'dark'
    apply()
  }
  onTheme(label)
  dark.addEventListener('change', apply)
  apply()
  return button
}

/** @returns what ends it */
export function onTheme(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}
