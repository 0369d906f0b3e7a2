"""Files of sites and buckets: built, compared with what is there, uploaded, and forgotten by caches.

They are uploaded here and not by a custom resource, in every cloud: an upload needs no function with the files in its
package, knows what is there already, and can build a site with addresses that only the deployed stacks have.
"""
