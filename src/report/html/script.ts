/** The page's only script: filters over rows that are all there, and on paper every host's page opened. It runs without a server. */
export const script = `
'use strict'
const one = (id) => document.getElementById(id)
const rows = [...document.querySelectorAll('[data-host]')].map((element) => ({ element, text: element.dataset.host.toLowerCase(),
  groups: element.dataset.groups.split(' '), outcome: element.dataset.outcome, causes: element.dataset.causes.split(' ') }))
const filter = () => {
  const text = one('search').value.trim().toLowerCase(), group = one('group').value, outcome = one('outcome').value, cause = one('cause').value
  let shown = 0
  for (const row of rows) {
    const fits = row.text.includes(text) && (!group || row.groups.includes(group)) && (!cause || row.causes.includes(cause)) &&
      (!outcome || (outcome === 'not as wanted' ? row.outcome !== 'in-sync' && row.outcome !== 'changed' : row.outcome === outcome))
    row.element.hidden = !fits
    if (fits && row.element.tagName === 'TR') shown++
  }
  one('shown').textContent = shown + ' of ' + rows.filter((row) => row.element.tagName === 'TR').length + ' hosts are shown'
}
for (const id of ['search', 'group', 'outcome', 'cause']) one(id).addEventListener('input', filter)
const open = () => { const host = location.hash && one(location.hash.slice(1)); if (host && host.tagName === 'DETAILS') { host.open = true; host.scrollIntoView() } }
addEventListener('hashchange', open)
document.addEventListener('click', (event) => { const link = event.target.closest('a[href^="#host-"]'); if (link) one(link.hash.slice(1)).open = true })
addEventListener('beforeprint', () => { for (const each of document.querySelectorAll('details')) each.open = !each.hidden })
open()
filter()
`
