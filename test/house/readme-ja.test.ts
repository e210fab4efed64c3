import { describe, expect, it } from 'vitest'
import { blocksOf, page } from './readme.js'

const [english, japanese] = ['README.md', 'README.ja.md'].map(page) as [string, string]

/** What stands in a page outside of its blocks. */
const prose = (text: string): string => text.replaceAll(/^```[\s\S]*?^```$/gm, '')

/** The parts of a page that both languages share; whoever changes one page changes the other. */
const shared: Readonly<Record<string, (text: string) => readonly unknown[]>> = {
  headings: (text) => [...prose(text).matchAll(/^(#+) /gm)].map(([, marks]) => marks),
  'code blocks': blocksOf,
  'table columns, row by row': (text) => [...prose(text).matchAll(/^\|.*$/gm)].map(([row]) => row.match(/(?<!\\)\|/g)!.length),
  'list items': (text) => [...prose(text).matchAll(/^(-|\d\.) /gm)].map(([, mark]) => mark),
  'links and pictures': (text) => targetsOf(text).filter((target) => !target.startsWith('README')),
  'code in the text': (text) =>
    [...prose(text).matchAll(/`([^`]+)`/g)]
      .map(([, code]) => code!.replaceAll('\n', ' '))
      .filter((code) => code !== 'file:line' && !/^(file|ファイル):/.test(code))
      .toSorted(),
}

/** Sorted, since the order within a sentence is the language's. */
const targetsOf = (text: string): readonly string[] => [...prose(text).matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => target!).toSorted()

describe('README.ja.md is README.md in Japanese:', () => {
  it.each(Object.entries(shared))('the same %s', (_, of) => {
    expect(of(japanese).length).toBeGreaterThan(3)
    expect(of(japanese)).toEqual(of(english))
  })

  it('each page begins with a link to the other', () => {
    const head = (text: string): string => text.split('\n').slice(0, 4).join('\n')
    expect(head(english)).toContain('](README.ja.md)')
    expect(head(japanese)).toContain('](README.md)')
  })

  it('every paragraph and every table row is in Japanese', () => {
    const paragraphs = prose(japanese)
      .split('\n')
      .filter((line) => !/^(#|\[|!|\|[-|]+$|\s*$)/.test(line))
    expect(paragraphs.filter((line) => !/[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u.test(line))).toEqual([])
  })
})
