/** Elements are made here alone. Whatever came from a run goes in as text, never as markup. */

type Child = Node | string | null

/** @param properties - `class` and attributes; a function is a listener of that event */
export function h<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Readonly<Record<string, string | ((event: Event) => void)>> = {},
  ...children: readonly (Child | readonly Child[])[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(properties)) {
    if (typeof value === 'string') element.setAttribute(key, value)
    else element.addEventListener(key, value)
  }
  for (const child of children.flat()) if (child !== null) element.append(child)
  return element
}

/** The value of a custom property of the style, as the theme has it now. */
export const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
