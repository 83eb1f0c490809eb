import { test, expect } from "@playwright/test"
test("quote", async ({ page }) => { await page.goto("/"); await expect(page.locator("h1")).toHaveText("Heath") })
