module github.com/nango-lite/nango-lite

go 1.26.0
