// Opens pages in Chromium without a network, light and dark, and says what is wrong with them.
// usage: node page.js NODE_MODULES CHROMIUM PAGE...
'use strict'
const fs = require('fs')
const path = require('path')
const [modules, chromium, ...pages] = process.argv.slice(2)
const puppeteer = require(path.join(modules, 'puppeteer-core'))
const axe = fs.readFileSync(path.join(modules, 'axe-core', 'axe.min.js'), 'utf8')

async function look(browser, file, scheme) {
  const page = await browser.newPage()
  const wrong = []
  page.on('console', message => { if (message.type() === 'error') wrong.push(`console: ${message.text()}`) })
  page.on('pageerror', error => wrong.push(`error: ${error.message}`))
  page.on('request', request => { if (!request.url().startsWith('file:')) wrong.push(`asks for ${request.url()}`) })
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }])
  await page.goto(`file://${file}`)
  const opened = await page.evaluate(() => performance.getEntriesByType('navigation')[0].loadEventEnd)

  // A reader without a mouse reaches every mark of the picture, and the filters work without a script.
  const marks = await page.$$eval('svg a', links => links.map(link => link.getAttribute('href')))
  for (const mark of marks) if (!await page.$(mark)) wrong.push(`${mark} leads nowhere`)
  const shown = () => page.$$eval('li[id]', items => items.filter(item => item.getClientRects().length).map(item => item.className))
  if (await page.$('#only-error')) {
    await page.focus('#only-all')
    await page.keyboard.press('ArrowRight')
    if ((await shown()).some(name => name !== 'is-error')) wrong.push('the filter shows more than errors')
    await page.keyboard.press('ArrowLeft')
  }

  // The page forbids scripts; what judges it runs next to it.
  await page.setBypassCSP(true)
  await page.reload()
  await page.evaluate(axe)
  const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }))
  for (const { id, impact, help, nodes } of violations) {
    const line = `axe ${impact}: ${id}: ${help}: ${nodes.length}, such as ${nodes[0].html.slice(0, 150)}`
    if (impact === 'serious' || impact === 'critical') wrong.push(line)
    else console.log(`${path.basename(file)}: ${line}`)
  }
  console.log(`${path.basename(file)}, ${scheme}: ${Math.round(fs.statSync(file).size / 1024)} KiB, ${Math.round(opened)} ms, ` +
    `${marks.length} marks, ${(await page.$$('li[id]')).length} findings, ${wrong.length} faults`)
  await page.close()
  return wrong
}

async function main() {
  const browser = await puppeteer.launch({ executablePath: chromium, args: ['--no-sandbox', '--disable-gpu'] })
  const wrong = []
  for (const page of pages) for (const scheme of ['light', 'dark']) wrong.push(...await look(browser, path.resolve(page), scheme))
  await browser.close()
  for (const line of wrong) console.error(line)
  process.exitCode = wrong.length ? 1 : 0
}
main()
