package tokens

import (
	"fmt"
	"testing"
)

func TestKeyCacheForgetsThePoolUsedLongestAgo(t *testing.T) {
	t.Parallel()
	var c keyCache
	first := new(poolKeys)
	c.put("first", first)
	c.put("second", new(poolKeys))
	for i := range cachedPools - 2 {
		c.put(fmt.Sprint(i), new(poolKeys))
	}
	if c.get("first") != first {
		t.Fatal("a pool is gone before the cache is full")
	}
	c.put("one more", new(poolKeys))
	if c.get("second") != nil {
		t.Error("the pool used longest ago is still there")
	}
	if c.get("first") != first || c.get("one more") == nil {
		t.Error("a pool used lately is gone")
	}
	if len(c.pools) != cachedPools || c.order.Len() != cachedPools {
		t.Errorf("%d pools in the cache", len(c.pools))
	}
	changed := new(poolKeys)
	if c.put("first", changed); c.get("first") != changed || len(c.pools) != cachedPools {
		t.Error("keys were not replaced by those that follow")
	}
}
