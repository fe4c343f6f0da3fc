-- How many PSDs still hold a vendor key K1: counted without reading the PSDs.
CREATE INDEX devices_vendor_key ON devices (vendor_key);
